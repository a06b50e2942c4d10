"""Splitting files into batches that fit into one request."""

from collections.abc import Iterable, Iterator
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from neumo.core.errors import UnreadableImageError
from neumo.core.names import shown_path

_PART_BYTES: Final = 1024
"""Upper bound of the headers of a part in a multipart body, its file name apart."""


def open_file(path: Path) -> BinaryIO:
    """Open a file to be sent. Raises UnreadableImageError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableImageError(
            f"{path}: cannot be opened ({error.strerror or error}); give the path of a radiograph"
        ) from error


def batches(paths: Iterable[Path], files: int, size: int) -> Iterator[list[Path]]:
    """Yield paths in lists of at most `files` whose bodies stay below `size` bytes; a larger file comes alone.

    Raises
    ------
    UnreadableImageError
        A file cannot be opened.
    """
    batch: list[Path] = []
    taken = 0
    for path in paths:
        with open_file(path) as stream:
            needed = stream.seek(0, SEEK_END) + _PART_BYTES + len(shown_path(path.name).encode())
        if batch and (len(batch) >= files or taken + needed > size):
            yield batch
            batch, taken = [], 0
        batch.append(path)
        taken += needed
    if batch:
        yield batch
