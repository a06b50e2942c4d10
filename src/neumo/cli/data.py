"""`neumo data`: get a public data set, check one, merge several, or make one of phantoms."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from neumo.cli import options
from neumo.cli.audit_tables import show_audit, show_context
from neumo.cli.file_counts import FileCounts
from neumo.cli.show import console, progress_bar, say, warn
from neumo.core.errors import MissingExtraError
from neumo.texts.language import Language, chosen_language
from neumo.texts.translation import headings, said

if TYPE_CHECKING:
    from rich.progress import Progress

    from neumo.datasets.manifest import Manifest
    from neumo.datasets.merge import Source
    from neumo.texts.language import Language

app = typer.Typer(name="data", help="Data sets: get, check, merge, make phantoms.", no_args_is_help=True)

_NewFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder to make; must not exist or be empty.")
]


class PublicDataset(StrEnum):
    """Data sets that neumo knows where to find."""

    KERMANY = "kermany"


@app.command()
def check(
    source: Annotated[
        Path, typer.Argument(metavar="DIR|MANIFEST.csv", help="Data set folder, or a CSV manifest.")
    ],
    html: Annotated[
        Path | None, typer.Option("--html", help="Write one self-contained page with pictures.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write everything found, every path included.")
    ] = None,
    shortcuts: Annotated[
        bool, typer.Option("--shortcuts/--no-shortcuts", help="Measure what is told without the lungs.")
    ] = True,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with status 1 for problems too, not for leaks alone.")
    ] = False,
    lang: options.Lang = None,
) -> None:
    """Audit a data set: broken images, duplicates, leaks across the official split, shortcuts.

    Status 0: no leak. Status 1: a patient or a picture lies on more than one side of the official split
    (with --strict: or any problem), or a folder could not be searched. Status 2: the data set cannot be used.
    """
    from neumo.core.files import require_writable, write_json
    from neumo.datasets.check.check import audit_dataset
    from neumo.datasets.check.page import write_audit_html
    from neumo.datasets.layout import open_dataset

    require_writable(json, html)
    manifest, language = open_dataset(source, incomplete=True), chosen_language(lang)
    counts = FileCounts(manifest.files, ("images",))
    counts.counts["images"] = len(manifest.files.images)
    counts.tell_unreadable(language)
    with progress_bar("decoding") as progress:
        audit = audit_dataset(manifest, shortcuts=shortcuts, progress=progress)
    # Files come first: whoever reads standard output may leave early.
    if json is not None:
        write_json(json, audit.to_json() | {"files": counts.to_json()})
    if html is not None:
        write_audit_html(audit, manifest, html, language)
    show_audit(audit, language)
    if manifest.files.found:
        console.print(Text(counts.sentence(language), style="dim"))
    for kind, file in (("JSON", json), ("HTML", html)):
        if file is not None:
            say("{kind}: {file}", kind=kind, file=file)
    if audit.leaks or manifest.files.unreadable or (strict and audit.of_severity("problem")):
        raise typer.Exit(1)


@app.command()
def merge(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]DIR|MANIFEST.csv...",
            help="Data sets; NAME is the source of images that state none (by default the file's or folder's name).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="CSV", help="Manifest to write.")],
    controls: Annotated[
        bool,
        typer.Option(
            "--controls/--no-controls",
            help="Measure how well source, view, size and border alone tell the label.",
        ),
    ] = True,
    lang: options.Lang = None,
) -> None:
    """Merge data sets of several hospitals into one manifest.

    Labels: NORMAL, BACTERIAL_PNEUMONIA, VIRAL_PNEUMONIA; PNEUMONIA where the cause is unknown; OTHER_ABNORMAL for
    what is neither normal nor pneumonia (never trained on as one of them). All faults are listed at once,
    and nothing is written then. Warnings name what would teach a network the hospital instead of the disease.
    """
    from neumo.core.files import require_writable
    from neumo.datasets.merge import label_counts
    from neumo.datasets.merge import merge as merge_sources

    require_writable(out)
    merged = merge_sources([_source(text) for text in sources], out)
    table = Table(box=box.SIMPLE_HEAD)
    for number, heading in enumerate(headings("source", "label", "view", "images")):
        table.add_column(heading, justify="right" if number == 3 else "left")
    for (source, label, view), count in label_counts(merged.manifest).items():
        table.add_row(source, label, view or "–", f"{count:,}")
    console.print(table)
    for warning in merged.warnings:
        warn("warning: {warning}", warning=warning)
    if controls:
        _show_controls(merged.manifest, chosen_language(lang))
    say(
        "{out}: {images:,} images of {sources} sources",
        out=out,
        images=len(merged.manifest),
        sources=len(merged.manifest.sources),
    )


def _show_controls(manifest: "Manifest", language: "Language") -> None:
    from neumo.datasets.check.context import context_controls
    from neumo.datasets.check.scan import scan

    try:
        with progress_bar("decoding") as progress:
            found = context_controls(manifest, scan(manifest, progress))
    except MissingExtraError as error:
        warn("warning: {warning}", warning=error)
    else:
        show_context(found, language)


def _source(text: str) -> "Source":
    from neumo.datasets.merge import Source

    name, found, path = text.partition("=")
    if found and name and not Path(text).exists():
        return Source(Path(path), name)
    return Source(Path(text))


@app.command()
def get(
    name: Annotated[
        PublicDataset,
        typer.Argument(metavar="NAME", help="kermany: 5,856 radiographs of children, CC BY 4.0."),
    ],
    target: _NewFolder,
    url: Annotated[
        str | None, typer.Option("--url", help="Address of the archive, where the built-in one fails.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="Expected SHA-256 of the archive.")
    ] = None,
    no_verify_count: Annotated[
        bool, typer.Option("--no-verify-count", help="Accept another number of images.")
    ] = False,
    keep_archive: Annotated[
        bool, typer.Option("--keep-archive", help="Leave the archive beside DIR.")
    ] = False,
) -> None:
    """Get a public data set.

    The download (about 1.2 GB) resumes where it broke off when the same command is run again. An archive
    fetched by hand and put beside DIR as ChestXRay2017.zip is used instead.
    """
    from neumo.datasets.download.resumable import resumable_bytes
    from neumo.datasets.kermany import ARCHIVE_NAME, ATTRIBUTION, KERMANY_URL, get_kermany

    address = url or KERMANY_URL
    try:
        with _download_bar() as bar:
            task = bar.add_task(said("downloading"), total=None)

            def report(done: int, total: int | None) -> None:
                step = said("unpacking") if done == total else said("downloading")
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
            said("Interrupted. {kept:,} bytes are kept; run the same command again to continue.", kept=kept)
            if kept
            else said("Interrupted. Nothing was kept.")
        )
        typer.echo(hint, err=True)
        raise typer.Exit(130) from error
    typer.echo(said("{target}: ready. Check it with: neumo data check {target}", target=target))
    typer.echo(f"\n{ATTRIBUTION}")


@app.command()
def phantom(
    target: _NewFolder,
    per_class: Annotated[
        int, typer.Option("--per-class", min=2, max=100_000, help="Images of each finding.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds give equal images.")] = 42,
    size: Annotated[
        int, typer.Option("--size", min=64, max=2048, help="Side of the images in pixels.")
    ] = 224,
) -> None:
    """Make a data set of phantoms: synthetic radiographs in the public data set's layout.

    They serve to try neumo out and to test it without patients' data. Each one says SYNTHETIC. Nothing
    learned from them holds for patients.
    """
    from neumo.datasets.layout import SYNTHETIC_MARKER
    from neumo.datasets.phantoms.dataset import make_phantoms

    with progress_bar("drawing") as progress:
        count = make_phantoms(target, per_class=per_class, seed=seed, size=size, progress=progress)
    told = said(
        "{target}: {count} phantoms, {per_class} of each finding (synthetic: see {marker}).",
        target=target,
        count=count,
        per_class=per_class,
        marker=SYNTHETIC_MARKER,
    )
    typer.echo(told)


def _download_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    stderr = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
    )
