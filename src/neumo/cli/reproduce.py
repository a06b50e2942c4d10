"""`neumo reproduce`: the study's four runs with one command."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say
from neumo.core.errors import ConfigError

app = typer.Typer()


@app.command()
def reproduce(
    data: options.Dataset,
    runs: Annotated[str, typer.Option("--runs", help="Which of the four, such as 1,3.")] = "1,2,3,4",
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", help="Train every run with each of these, such as 42,43,44; by default once."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder in which the runs' folders lie.")] = Path("runs"),
    page: Annotated[Path, typer.Option("--page", help="Markdown page to write.")] = Path(
        "docs/results/study.md"
    ),
    experiments: Annotated[
        Path, typer.Option("--experiments", help="Folder of run1.yaml to run4.yaml.")
    ] = Path("experiments"),
    overrides: options.Overrides = None,
) -> None:
    """Train, evaluate and compare the study's runs; where one was interrupted, the same command goes on."""
    require_extra("train", "neumo reproduce")
    from neumo.study.reproduce import reproduce as run_all

    with progress_bar("decoding images (once)") as decoding:
        written = run_all(
            _numbers("--runs", runs),
            data,
            experiments=experiments,
            runs=out,
            page=page,
            seeds=[] if seeds is None else _numbers("--seeds", seeds),
            overrides=overrides or [],
            console=console,
            decoding=decoding,
            say=say,
        )
    say("results: {file}", file=written)


def _numbers(option: str, text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            "{option} {text!r}: must be numbers with commas, such as 1,2,3,4", option=option, text=text
        ) from error
    if len(set(numbers)) < len(numbers):
        raise ConfigError("{option} {text!r}: names a number twice", option=option, text=text)
    return numbers
