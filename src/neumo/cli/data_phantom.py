"""`neumo data phantom`: a data set of invented radiographs."""

from pathlib import Path

import typer


def phantom(
    target: Path = typer.Argument(metavar="DIR", help="Folder to make; must not exist or be empty."),
    per_class: int = typer.Option(100, "--per-class", min=2, max=100_000, help="Images of each finding."),
    seed: int = typer.Option(42, "--seed", min=0, help="Equal seeds give equal images."),
    size: int = typer.Option(224, "--size", min=64, max=2048, help="Side of the images in pixels."),
) -> None:
    """Make a data set of phantoms: invented radiographs in the public data set's layout.

    They serve to try neumo out and to test it without patients' data. Each one says SYNTHETIC. Nothing
    learned from them holds for patients.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from neumo.datasets.phantoms.dataset import SYNTHETIC_MARKER, make_phantoms

    console = Console(stderr=True)
    columns = (TextColumn("drawing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("drawing", total=3 * per_class)
        count = make_phantoms(
            target,
            per_class=per_class,
            seed=seed,
            size=size,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    typer.echo(
        f"{target}: {count} phantoms, {per_class} of each finding (synthetic: see {SYNTHETIC_MARKER})."
    )
