"""The `.part` file of an unfinished download, with the ETag or date of the file that it belongs to."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from neumo.core.errors import OutputError
from neumo.core.files import write_json


@dataclass(frozen=True)
class PartialFile:
    """A file that grows in place beside its final name.

    Attributes
    ----------
    path : Path
        `NAME.part`; a description of its source lies in `NAME.part.json`.
    """

    path: Path

    @classmethod
    def of(cls, target: Path) -> "PartialFile":
        """Return the partial file of a target."""
        return cls(target.with_name(target.name + ".part"))

    @property
    def size(self) -> int:
        """Bytes that are there; 0 where the file is not."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def source_file(self) -> Path:
        """File that holds the description of the source."""
        return self.path.with_name(self.path.name + ".json")

    def discard(self) -> None:
        """Remove the bytes and the description."""
        self.path.unlink(missing_ok=True)
        self.source_file.unlink(missing_ok=True)


@dataclass(frozen=True)
class Source:
    """Address, version and length of a file, as the server stated them.

    Attributes
    ----------
    url : str
    validator : str
        Strong ETag or date to recognise the file by; empty where the server gave none.
    total : int or None
        Length in bytes, where the server said it.
    """

    url: str
    validator: str
    total: int | None


def remember(part: PartialFile, source: Source) -> None:
    """Write the description beside the bytes. Raises OutputError."""
    write_json(part.source_file, asdict(source))


def recall(part: PartialFile, url: str) -> Source | None:
    """Return the description of bytes of `url` that can be continued; None where there are none."""
    try:
        source = Source(**json.loads(part.source_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return source if source.url == url and source.validator and part.size else None


def open_at(part: PartialFile, offset: int) -> BinaryIO:
    """Open for writing from `offset` on; what lay behind it is cut off. Raises OutputError."""
    try:
        stream = part.path.open("r+b" if offset else "wb")
        stream.seek(offset)
        stream.truncate()
        return stream
    except OSError as error:
        raise unwritable(part.path, error) from error


def require_space(part: PartialFile, needed: int) -> None:
    """Raise OutputError where fewer than `needed` bytes are free."""
    folder = part.path.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            "{folder}: {needed:,} bytes are needed and {free:,} are free; free space or choose "
            "another folder",
            folder=folder,
            needed=needed,
            free=free,
        )


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error for a file that the system did not let us write."""
    return OutputError(
        "{path}: could not be written ({reason}); free space or choose another folder, then "
        "run the same command again",
        path=path,
        reason=error.strerror or error,
    )
