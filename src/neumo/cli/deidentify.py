"""`neumo deidentify`: radiographs without their patients."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.file_counts import FileCounts
from neumo.cli.show import require_extra
from neumo.core.errors import ConfigError
from neumo.core.names import printable, shown_path
from neumo.texts.catalogue import texts
from neumo.texts.language import chosen_language
from neumo.texts.translation import said

app = typer.Typer()


@app.command()
def deidentify(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="DICOM files, or folders of them.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files that are written.")],
    key_file: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Secret that pseudonyms follow from; random without it."),
    ] = None,
    allow_burned_in: Annotated[
        bool,
        typer.Option("--allow-burned-in", help="Write even what may have text burnt into its pixels."),
    ] = False,
    summary: options.Summary = None,
    lang: options.Lang = None,
) -> None:
    """Write radiographs without what names the patient (PS3.15); what may hold burnt-in text is not written."""
    require_extra("dicom", "neumo deidentify")
    from neumo.core.files import require_writable
    from neumo.deidentification.files import Fate, deidentify_file, require_outside
    from neumo.deidentification.pseudonyms import key_in, random_key
    from neumo.imaging.image_files import find_images

    require_outside(out, paths)
    require_writable(summary)
    key, language = random_key() if key_file is None else key_in(key_file), chosen_language(lang)
    counts = FileCounts(find_images(paths, only_dicom=True), [fate.value for fate in Fate])
    counts.tell_unreadable(language)
    for file in counts.found.images:
        outcome = deidentify_file(file, out, key, allow_burned_in=allow_burned_in)
        counts.counts[outcome.fate.value] += 1
        if outcome.reason:
            typer.echo(printable(_told(shown_path(file), outcome.fate.value, outcome.reason)), err=True)
    if not counts.found.images and not counts.found.unreadable:
        told = f"; {counts.sentence(language)}" if counts.found.found else ""
        named = printable(", ".join(map(shown_path, paths)))
        raise ConfigError(
            "{fault}{counts}", fault=texts(language)("files.no_dicom", paths=named), counts=told
        )
    counts.write(summary)
    typer.echo(counts.sentence(language))
    unwritten = sum(counts.counts[fate] for fate in Fate if fate is not Fate.WRITTEN)
    if unwritten or counts.found.unreadable:
        raise typer.Exit(1)


def _told(file: str, fate: str, reason: str) -> str:
    if fate == "flagged":
        return said(
            "{file}: not written, for {reason}; look at it, and allow it with --allow-burned-in",
            file=file,
            reason=reason,
        )
    return said("{file}: {reason}", file=file, reason=reason)
