"""Splitting files into batches that fit into one request."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from neumo.core.errors import UnreadableImageError
from neumo.core.names import shown_path

_PART_BYTES: Final = 1024
"""Upper bound of the headers of a part in a multipart body, its file name apart."""


def open_file(path: Path) -> BinaryIO:
    """Open a file to be sent. Raises UnreadableImageError."""
    if path.exists() and not path.is_file():  # a pipe would never open
        raise UnreadableImageError("{path}: is no file; give the path of a radiograph", path=path)
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableImageError(
            "{path}: cannot be opened ({reason}); give the path of a radiograph",
            path=path,
            reason=error.strerror or error,
        ) from error


def sent_name(path: Path) -> str:
    """Return the name under which a file is sent: text without backslashes, which a server takes for folders."""
    return shown_path(path.name).replace("\\", "_")


@dataclass(frozen=True, slots=True)
class Unopened:
    """A file that cannot be opened, and why."""

    path: Path
    error: UnreadableImageError


def batches(paths: Iterable[Path], files: int, size: int) -> Iterator[list[Path] | Unopened]:
    """Yield paths in lists of at most `files` whose bodies stay below `size` bytes; a larger file comes alone.

    What cannot be opened comes in its place, between two lists.
    """
    batch: list[Path] = []
    taken = 0
    for path in paths:
        try:
            with open_file(path) as stream:
                needed = stream.seek(0, SEEK_END) + _PART_BYTES + len(sent_name(path).encode())
        except UnreadableImageError as error:
            if batch:
                yield batch
                batch, taken = [], 0
            yield Unopened(path, error)
            continue
        if batch and (len(batch) >= files or taken + needed > size):
            yield batch
            batch, taken = [], 0
        batch.append(path)
        taken += needed
    if batch:
        yield batch
