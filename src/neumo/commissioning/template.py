"""The CSV of a site's images to fill in."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from neumo.core.errors import CommissioningError, OutputError
from neumo.core.files import require_writable, write_text
from neumo.imaging.image_files import find_images

COLUMNS: Final = ("path", "label", "patient", "age", "sex", "view", "device", "label_basis")


def write_template(target: Path, folder: Path | None = None) -> int:
    """Write the table's head, with a line for each image of a folder, and return the number of those.

    Parameters
    ----------
    target : Path
        Not there yet: a table that somebody has filled in is never replaced.
    folder : Path, optional
        Searched with its subfolders.

    Raises
    ------
    CommissioningError
        The folder holds no image.
    OutputError
        The table exists, or cannot be written.
    """
    require_new(target)
    rows: list[list[str]] = []
    if folder is not None:
        found = find_images([folder]).images
        paths = sorted(os.path.relpath(str(path), str(target.parent)) for path in found)
        rows = [[Path(path).as_posix(), *[""] * (len(COLUMNS) - 1)] for path in paths]
        if not rows:
            raise CommissioningError("{folder}: holds no image", folder=folder)
    write_table(target, rows)
    return len(rows)


def require_new(target: Path) -> None:
    """Raise OutputError where a table exists already, which somebody may have filled in, or cannot be written."""
    if target.exists():
        raise OutputError(
            "{target}: exists already; give another name, so that nothing filled in is lost", target=target
        )
    require_writable(target)


def write_table(target: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows under the table's head. Raises OutputError."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    write_text(target, text.getvalue())
