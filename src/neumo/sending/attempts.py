"""Outcomes of attempts to send results, by C-STORE or STOW-RS alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """Outcome of an attempt."""

    SENT = "sent"
    """The archive stored all of it."""
    UNAVAILABLE = "unavailable"
    """The archive could not be reached; that says nothing about the results."""
    BUSY = "busy"
    """The archive is out of resources; it may take the results later."""
    REFUSED = "refused"
    """The archive refuses one of the results."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Outcome of sending one file, or all files of a delivery.

    Attributes
    ----------
    fate : Fate
    reason : str
        A code for logs, such as "status A700" or "no association"; never text of an archive.
    """

    fate: Fate
    reason: str = ""


SENT = Attempt(Fate.SENT)


def worst(attempts: Sequence[Attempt]) -> Attempt:
    """Return the outcome of a whole delivery: the worst of its attempts; SENT where there are none."""
    for fate in (Fate.REFUSED, Fate.UNAVAILABLE, Fate.BUSY):
        for attempt in attempts:
            if attempt.fate is fate:
                return attempt
    return SENT
