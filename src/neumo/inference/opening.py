"""Opens a source (file, bytes or pixels): its radiograph, hash and DICOM header, or the reason for a failure."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neumo.core.digests import sha256_of
from neumo.core.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from neumo.core.faults import OWN_FAULTS, is_out_of_memory, own_fault, where_raised
from neumo.core.lost_file import OUT_OF_MEMORY, unexpected_error
from neumo.core.names import shown_path
from neumo.core.radiograph import Radiograph
from neumo.core.reading import Notice
from neumo.imaging import open_radiograph
from neumo.imaging.open import ImageFile
from neumo.inference.sources import Source, form_of, name_of

if TYPE_CHECKING:
    from pydicom import Dataset

_VERBS = frozenset({"is", "has", "holds", "cannot", "declares", "claims", "ends"})

MAX_HASHED_BYTES = 2**30
"""Size in bytes up to which a file that is too large to decode is still hashed."""


@dataclass(frozen=True)
class Opened:
    """A source, opened or not.

    Attributes
    ----------
    name : str
        As it was given, in text that can be written anywhere (`shown_path`); "bytes", "pixels" or "dataset"
        where it has no name.
    sha256, size : str or None, int or None
        Of the bytes; None where they could not be read, or pixels were given.
    radiograph : Radiograph or None
    header : pydicom.Dataset or None
        Of a DICOM file: its elements before the pixels, parsed once for all that come after; where its pixels cannot be
        decoded too.
    failure : Notice or None
        Why there is no radiograph.
    file : ImageFile or None
        Of a radiograph that was decoded smaller than it is stored, for whoever needs all of it.
    """

    name: str
    sha256: str | None = None
    size: int | None = None
    radiograph: Radiograph | None = field(default=None, repr=False)
    header: "Dataset | None" = field(default=None, repr=False)
    failure: Notice | None = None
    file: ImageFile | None = field(default=None, repr=False)


def open_source(source: Source, enough: int | None = None) -> Opened:
    """Read and decode; every fault of the source becomes a notice.

    Parameters
    ----------
    source : path, bytes, stream, pixels, picture or data set
    enough : int, optional
        Pixels a side that are needed; see `neumo.imaging.open.ImageFile.radiograph`.
    """
    try:
        form = form_of(source)
    except Exception as error:
        return Opened(name_of(source), failure=_failure(error, b""))
    if isinstance(form, np.ndarray):
        return _decoded(form, name_of(source), None)
    if isinstance(form, bytes):
        return _decoded(form, name_of(source), len(form), enough)
    path, name = form, shown_path(form)
    try:
        # Reading a pipe or device could wait for ever.
        if not path.is_file():
            reason = "is not a file" if path.exists() else "does not exist"
            return Opened(name, failure=Notice("unreadable_file", f"The file {reason}."))
        return _decoded(path, name, path.stat().st_size, enough)
    except OSError as error:
        text = f"The file cannot be read ({error.strerror or type(error).__name__})."
        return Opened(name, failure=Notice("unreadable_file", text))


def opened_in_full(opened: Opened) -> Opened:
    """Decode every pixel of a source that was decoded smaller."""
    assert opened.file is not None
    return _of_file(opened, opened.file, None)


def unexpected_failure(error: Exception) -> Notice:
    """Return why a source that was opened could not be read: too little memory, or an error by its kind and place."""
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    own = own_fault(error)
    if own is not None:
        return _own(own)
    return unexpected_error(type(error).__name__, where_raised(error))


def _decoded(
    source: Path | bytes | NDArray[np.generic], name: str, size: int | None, enough: int | None = None
) -> Opened:
    opened = Opened(name, size=size)
    try:
        if isinstance(source, np.ndarray):
            return replace(opened, radiograph=open_radiograph(source))
        file = ImageFile(source)
    except OSError:
        raise
    except Exception as error:
        return replace(opened, sha256=_sha256(source, size), failure=_failure(error, source))
    return _of_file(replace(opened, sha256=file.sha256), file, enough)


def _of_file(opened: Opened, file: ImageFile, enough: int | None) -> Opened:
    try:
        if file.parsed is not None:
            opened = replace(opened, header=file.parsed.dataset)
        radiograph = file.radiograph(enough)
    except OSError:
        raise
    except Exception as error:
        return replace(opened, radiograph=None, file=None, failure=_failure(error, file.path or file.content))
    return replace(opened, radiograph=radiograph, file=file if radiograph.reduction > 1 else None)


def _failure(error: Exception, source: Path | bytes | NDArray[np.generic]) -> Notice:  # noqa: PLR0911 - a case each
    match error:
        case ImageTooLargeError():
            return Notice("too_large", _sentence(error, source))
        case _ if is_out_of_memory(error):
            return OUT_OF_MEMORY
        case UnreadableImageError(__cause__=OSError(errno=int())):
            return Notice("unreadable_file", _sentence(error, source))
        case OSError():
            return Notice("unreadable_file", f"It cannot be read ({error.strerror or type(error).__name__}).")
        case _ if own_fault(error) is not None:
            return _own(str(own_fault(error)))
        case UnsupportedImageError():
            return Notice("unsupported_image", _sentence(error, source))
        case UnreadableImageError():
            return Notice("not_an_image", _sentence(error, source))
    # An unexpected error of a decoder fails this file alone.
    return Notice("not_an_image", f"The file cannot be decoded ({type(error).__name__}).")


def _own(code: str) -> Notice:
    return Notice("unreadable_file", f"It cannot be read for a fault of this machine: {OWN_FAULTS[code]}.")


def _sentence(error: Exception, source: Path | bytes | NDArray[np.generic]) -> str:
    """Turn "name: what is wrong; what to do" into a sentence; the reading names the file itself."""
    text = str(error)
    text = text.removeprefix(f"{source}: ") if isinstance(source, Path) else text.partition(": ")[2] or text
    if text.partition(" ")[0] in _VERBS:
        return f"The {'image' if isinstance(source, np.ndarray) else 'file'} {text}."
    return f"{text[:1].upper()}{text[1:]}."


def _sha256(source: Path | bytes | NDArray[np.generic], size: int | None) -> str | None:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    if not isinstance(source, Path) or size is None or size > MAX_HASHED_BYTES:
        return None
    try:
        return sha256_of(source)
    except OSError:
        return None
