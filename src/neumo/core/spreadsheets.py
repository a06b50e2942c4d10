"""Cells of tables that people open in a spreadsheet."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(value: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would run it as a formula.

    A carriage return becomes a line feed, which is quoted; alone it would begin a row in some programs.
    """
    safe = f"'{value}" if value.startswith(_FORMULA) else value
    return safe.replace("\r\n", "\n").replace("\r", "\n")
