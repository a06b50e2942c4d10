"""`neumo deidentify`: radiographs without their patients."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import require_extra
from neumo.core.errors import ConfigError

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
) -> None:
    """Write radiographs without what names the patient (PS3.15); what may hold burnt-in text is not written."""
    require_extra("dicom", "neumo deidentify")
    from neumo.deidentification.files import Fate, deidentify_file, find_dicom, require_outside
    from neumo.deidentification.pseudonyms import key_in, random_key

    require_outside(out, paths)
    key = random_key() if key_file is None else key_in(key_file)
    fates, left_out = Counter[Fate](), 0
    for file, wanted in find_dicom(paths):
        if not wanted:
            left_out += 1
            continue
        outcome = deidentify_file(file, out, key, allow_burned_in=allow_burned_in)
        fates[outcome.fate] += 1
        if outcome.reason:
            typer.echo(_told(file, outcome.fate.value, outcome.reason), err=True)
    if not fates:
        raise ConfigError(f"{', '.join(map(str, paths))}: there is no DICOM file in it")
    typer.echo(
        f"{fates[Fate.WRITTEN]} written, {fates[Fate.FLAGGED]} flagged, {fates[Fate.REFUSED]} refused"
        + (f"; {left_out} other files left out" if left_out else "")
    )
    if fates[Fate.FLAGGED] or fates[Fate.REFUSED]:
        raise typer.Exit(1)


def _told(file: Path, fate: str, reason: str) -> str:
    if fate == "flagged":
        return f"{file}: not written, for {reason}; look at it, and allow it with --allow-burned-in"
    return f"{file}: {reason}"
