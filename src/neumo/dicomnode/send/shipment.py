"""What became of results that were to be sent, whichever way they went."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """Of one delivery after an attempt."""

    SENT = "sent"
    """The archive has all of it."""
    UNAVAILABLE = "unavailable"
    """The archive could not be reached; that says nothing about the results."""
    BUSY = "busy"
    """The archive is out of resources; it may take the results later."""
    REFUSED = "refused"
    """The archive does not take one of the results."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How sending one file, or all files of a delivery, ended.

    Attributes
    ----------
    fate : Fate
    reason : str
        A code for logs, such as "status A700" or "no association"; never what an archive says in words.
    """

    fate: Fate
    reason: str = ""


SENT = Attempt(Fate.SENT)


def worst(attempts: Sequence[Attempt]) -> Attempt:
    """Return what a whole delivery came to: refused first, sent last.

    A delivery of nothing is sent.
    """
    for fate in (Fate.REFUSED, Fate.UNAVAILABLE, Fate.BUSY):
        for attempt in attempts:
            if attempt.fate is fate:
                return attempt
    return SENT
