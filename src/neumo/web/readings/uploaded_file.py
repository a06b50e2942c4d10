"""Uploaded files: complete ones, one that is being written, and what it is called."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from neumo.core.names import CONTROL_CHARACTERS
from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.web.config import Limits
from neumo.web.http.problems import Problem
from neumo.web.readings.own_files import new_file

_MAX_NAME_LENGTH: Final = 150
_DEFAULT_NAME: Final = "radiograph"
_CONTROL: Final = re.compile(rf"[{CONTROL_CHARACTERS}\u200e\u200f]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A complete uploaded file.

    Attributes
    ----------
    path : Path
        Private, to be deleted after use.
    name : str
        As the sender named it, without folders and control characters.
    sha256 : str
    head : bytes
        Its first `HEAD_BYTES` bytes.
    in_folder : bool
        Whether its name states a folder: somebody sent the folder, in which not everything is meant as an image.
    """

    path: Path
    name: str
    sha256: str
    head: bytes
    in_folder: bool = False

    def discard(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)


class UploadedFile:
    """An uploaded file that is being written, under a name of its own in a private folder.

    Parameters
    ----------
    folder : Path
    name : str
        As the sender named it.
    limits : Limits
    """

    def __init__(self, folder: Path, name: str, limits: Limits) -> None:
        self.name, self.path = name, new_file(folder)
        self._limits, self._limit = limits, limits.file_bytes
        self._size, self._hash, self._head = 0, hashlib.sha256(), b""
        self._stream: IO[bytes] = self.path.open("xb")

    def write(self, data: bytes) -> None:
        """Add bytes. Raises Problem where the file is too large: a zip archive may be as large as a request."""
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        if is_zip(self._head):
            self._limit = max(self._limits.file_bytes, self._limits.request_bytes)
        self._size += len(data)
        if self._size > self._limit:
            raise Problem(413, "too_large", limit=self._limit)
        self._hash.update(data)
        self._stream.write(data)

    def finish(self) -> Upload:
        """Return the complete file."""
        self._stream.close()
        in_folder = "/" in self.name.replace("\\", "/").strip("/")
        return Upload(self.path, clean_name(self.name), self._hash.hexdigest(), self._head, in_folder)

    def discard(self) -> None:
        """Delete the file."""
        with suppress(OSError):
            self._stream.close()
        self.path.unlink(missing_ok=True)


def is_zip(head: bytes) -> bool:
    """Whether a file begins as a zip archive that holds something."""
    return head.startswith(b"PK\3\4")


def clean_name(name: str) -> str:
    """Return a file name without folders, control characters and bidirectional marks."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return _CONTROL.sub("", last).strip()[-_MAX_NAME_LENGTH:] or _DEFAULT_NAME
