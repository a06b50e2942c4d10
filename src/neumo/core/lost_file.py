"""Reasons of failed readings: the reading process ran out of memory, timed out, crashed or raised an error."""

from collections.abc import Mapping
from typing import Final

from neumo.core.reading import Notice

OUT_OF_MEMORY: Final = Notice(
    "out_of_memory", "Reading the image needs more memory than there is or is allowed."
)
LOST: Final[Mapping[str, Notice]] = {
    notice.code: notice
    for notice in (
        OUT_OF_MEMORY,
        Notice("timeout", "Reading it took too long and was stopped."),
        Notice("crash", "It crashed the program that read it; the file is damaged or malicious."),
    )
}
"""Notice by the code of a `ChildError`. "cancelled" and "killed" are missing: the file is not at fault."""
INTERRUPTED: Final = Notice(
    "interrupted", "The program that read it was ended from outside every time, before it had read it."
)
"""Reason of an object that is not read again since its reader was ended each time; the file may be sound."""


def unexpected_error(kind: str, place: str) -> Notice:
    """Return the notice for an error that nobody foresaw, by the name of its class and where it was raised."""
    values = {"kind": kind, "place": place}
    return Notice(
        "unexpected_error", "Reading it failed unexpectedly ({kind} at {place}).".format(**values), values
    )
