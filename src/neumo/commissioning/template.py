"""The CSV of a site's images to fill in."""

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from neumo.core.errors import CommissioningError, OutputError
from neumo.core.files import require_writable, write_text
from neumo.core.spreadsheets import guarded_path, write_row
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
    paths = [] if folder is None else listed_paths(folder, target.parent)
    write_table(target, [[path, *[""] * (len(COLUMNS) - 1)] for path in paths])
    return len(paths)


def listed_paths(folder: Path, beside: Path) -> list[str]:
    """Return the images of a folder and its subfolders as a table in `beside` names them, sorted.

    Raises
    ------
    CommissioningError
        The folder holds no image.
    """
    found = find_images([folder]).images
    if not found:
        raise CommissioningError("{folder}: holds no image", folder=folder)
    paths = sorted(Path(os.path.relpath(str(path), str(beside))).as_posix() for path in found)
    return [guarded_path(path) for path in paths]


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
    for row in (COLUMNS, *rows):
        write_row(text, row)
    write_text(target, text.getvalue())
