"""`neumo data get`: a public data set, downloaded, checked and unpacked."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress


class PublicDataset(StrEnum):
    """Data sets that neumo knows where to find."""

    KERMANY = "kermany"


def get(
    name: PublicDataset = typer.Argument(
        metavar="NAME", help="kermany: 5,856 radiographs of children, CC BY 4.0."
    ),
    target: Path = typer.Argument(metavar="DIR", help="Folder to make; must not exist or be empty."),
    url: str | None = typer.Option(
        None, "--url", help="Address of the archive, where the built-in one fails."
    ),
    sha256: str | None = typer.Option(
        None, "--sha256", metavar="HEX", help="Expected SHA-256 of the archive."
    ),
    no_verify_count: bool = typer.Option(False, "--no-verify-count", help="Accept another number of images."),
    keep_archive: bool = typer.Option(False, "--keep-archive", help="Leave the archive beside DIR."),
) -> None:
    """Get a public data set.

    The download (about 1.2 GB) resumes where it broke off when the same command is run again. An archive
    fetched by hand and put beside DIR as ChestXRay2017.zip is used instead.
    """
    from neumo.datasets.download.resumable import resumable_bytes
    from neumo.datasets.kermany import ARCHIVE_NAME, ATTRIBUTION, KERMANY_URL, get_kermany

    address = url or KERMANY_URL
    try:
        with _progress_bar() as bar:
            task = bar.add_task("downloading", total=None)

            def report(done: int, total: int | None) -> None:
                step = "unpacking" if done == total else "downloading"
                bar.update(task, completed=done, total=total, description=step)

            get_kermany(
                target,
                url=address,
                sha256=sha256,
                progress=report,
                verify_counts=not no_verify_count,
                keep_archive=keep_archive,
            )
    except KeyboardInterrupt as error:
        kept = resumable_bytes(address, target.absolute().with_name(ARCHIVE_NAME))
        hint = (
            f"{kept:,} bytes are kept; run the same command again to continue."
            if kept
            else "Nothing was kept."
        )
        typer.echo(f"Interrupted. {hint}", err=True)
        raise typer.Exit(130) from error
    typer.echo(f"{target}: ready. Check it with: neumo data check {target}\n\n{ATTRIBUTION}")


def _progress_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
