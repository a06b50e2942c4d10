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
            _numbers(runs),
            data,
            experiments=experiments,
            runs=out,
            page=page,
            overrides=overrides or [],
            console=console,
            decoding=decoding,
            say=say,
        )
    say(f"results: {written}")


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(f"--runs {text!r}: must be numbers with commas, such as 1,2,3,4") from error
