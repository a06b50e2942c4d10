"""One source - file, bytes or pixels - to a radiograph with its hash, or to the reason why not."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.core.radiograph import Radiograph
from neumo.core.reading import Notice
from neumo.imaging import open_radiograph

Source = Path | str | bytes | NDArray[np.generic]
LARGEST_FILE = 2**30
"""Bytes; larger files are no single radiographs, and are refused before they are read."""


@dataclass(frozen=True)
class Opened:
    """A source, opened or not.

    Attributes
    ----------
    name : str
        As it was given; "bytes" or "pixels" where it has no name.
    sha256, size : str or None, int or None
        Of the bytes.
    radiograph : Radiograph or None
    failure : Notice or None
        Why there is no radiograph.
    """

    name: str
    sha256: str | None = None
    size: int | None = None
    radiograph: Radiograph | None = field(default=None, repr=False)
    failure: Notice | None = None


def open_source(source: Source) -> Opened:
    """Read and decode; every fault of the source becomes a notice."""
    if isinstance(source, np.ndarray):
        return _decoded(Opened("pixels"), source)
    if isinstance(source, bytes):
        return _decoded(Opened("bytes", hashlib.sha256(source).hexdigest(), len(source)), source)
    name, path = str(source), Path(source)
    try:
        if not path.is_file():
            reason = "is not a file" if path.exists() else "does not exist"
            return Opened(name, failure=Notice("unreadable_file", f"The file {reason}."))
        size = path.stat().st_size
        if size > LARGEST_FILE:
            text = f"The file has {size:,} bytes, more than the limit of {LARGEST_FILE:,}."
            return Opened(name, size=size, failure=Notice("too_large", text, {"bytes": size}))
        data = path.read_bytes()
    except OSError as error:
        text = f"The file cannot be read ({error.strerror or type(error).__name__})."
        return Opened(name, failure=Notice("unreadable_file", text))
    return _decoded(Opened(name, hashlib.sha256(data).hexdigest(), len(data)), data)


def _decoded(opened: Opened, source: bytes | NDArray[np.generic]) -> Opened:
    try:
        radiograph, failure = open_radiograph(source, name=opened.name), None
    except ImageTooLargeError as error:
        radiograph, failure = None, Notice("too_large", _sentence(error, opened.name))
    except UnreadableImageError as error:
        radiograph, failure = None, Notice("not_an_image", _sentence(error, opened.name))
    except MemoryError:
        radiograph, failure = None, Notice("too_large", "The image does not fit into memory.")
    return Opened(opened.name, opened.sha256, opened.size, radiograph, failure)


def _sentence(error: Exception, name: str) -> str:
    text = str(error).removeprefix(f"{name}: ")
    return f"The file {text}." if not text[:1].isupper() else text
