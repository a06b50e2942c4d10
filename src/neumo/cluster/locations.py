"""Locations of objects, and the interface of the sources that list and fetch them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Location:
    """Location of one object of an archive.

    Attributes
    ----------
    location : str
        Relative to the folder that is read; of a list as it stands there; of DICOMweb the three UIDs.
    size : int or None
        In bytes, where the listing says it.
    modified : datetime or None
    """

    location: str
    size: int | None = None
    modified: datetime | None = None


class Source(Protocol):
    """Lists locations and fetches their bytes; made anew in each process from its text."""

    named: bool
    """Whether each location was named by somebody: then nothing is skipped as being no image."""
    skipped: Counter[str]
    """Number of files that listing skipped, by reason (see `neumo.imaging.image_files.Skip`)."""

    def locations(self) -> Iterator[Location]:
        """Yield locations as they are found. Raises OSError, NeumoError."""

    def fetch(self, location: str) -> bytes:
        """Return an object's bytes. Raises FileNotFoundError where it is gone; OSError, NeumoError."""

    def size(self, location: str) -> int | None:
        """Return an object's size in bytes, where it can be asked for. Raises OSError."""

    def require_reachable(self) -> None:
        """Raise OSError or NeumoError where nothing can be had of it at all."""
