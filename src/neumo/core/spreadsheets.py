"""Tables in CSV that people open in a spreadsheet, which runs no text of them as a formula."""

import csv
import re
from collections.abc import Iterable
from typing import Final, TextIO

_FORMULA: Final = re.compile(r"""((?:^|[;\t\n])["\s]*)(?=[=+\-@＝＋－＠])""")
"""Where a spreadsheet takes a text for a formula: at its beginning, and behind what ends a cell elsewhere, whatever is
quoted. Semicolons end cells where a country writes decimals with a comma."""
_BLANK: Final = ("\t", "\n")


def guarded(value: str) -> str:
    """Return a text with an apostrophe before whatever a spreadsheet would run as a formula.

    A carriage return becomes a line feed, which is quoted; alone it would begin a row in some programs.
    """
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    safe = _FORMULA.sub(r"\1'", lines)
    return f"'{safe}" if safe.startswith(_BLANK) else safe


def guarded_path(path: str) -> str:
    """Return a relative path in a form that no spreadsheet runs and that still names the file: "./=1.png"."""
    return path if guarded(path) == path else f"./{path}"


def write_row(stream: TextIO, cells: Iterable[object]) -> None:
    """Write a row of a CSV table, its texts `guarded`."""
    safe = [guarded(cell) if isinstance(cell, str) else cell for cell in cells]
    csv.writer(stream, lineterminator="\n").writerow(safe)
