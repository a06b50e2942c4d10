"""Sources that a reader takes, brought to one of three forms: a file's path, its bytes, or pixels."""

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.imaging.limits import MAX_FILE_BYTES

if TYPE_CHECKING:
    from pydicom import Dataset

    Source = (
        Path | str | bytes | bytearray | memoryview | BinaryIO | NDArray[np.generic] | Image.Image | Dataset
    )
    """A file's path, its bytes, a binary stream, pixels, a picture of Pillow, or a DICOM data set."""
else:
    Source = Any

Form = Path | bytes | NDArray[Any]


def form_of(source: Any) -> Form:  # noqa: PLR0911 - a type each
    """Return a source as a path, bytes or pixels.

    Raises
    ------
    UnsupportedImageError
        It is of a type that is not taken, such as a tensor.
    UnreadableImageError
        A stream or picture cannot be read, or a data set not be written.
    ImageTooLargeError
    OSError
        A stream cannot be read.
    """
    match source:
        case np.ndarray() | bytes():
            return source
        case Path():
            return source
        case str() | os.PathLike():
            return Path(source)
        case bytearray() | memoryview():
            return bytes(source)
        case io.BytesIO():
            return source.getvalue()  # wherever the last writer left its position
        case Image.Image():
            from neumo.imaging.picture import array_of_picture  # which files need not load

            return array_of_picture(source)
    if _is_dataset(source):
        return _bytes_of_dataset(source)
    if callable(getattr(source, "read", None)):
        return _bytes_of_stream(source)
    raise UnsupportedImageError(
        "source: is a {module}.{kind}, which is not taken; give a path, bytes, a binary "
        "stream, a picture of Pillow, an array of NumPy, or a pydicom Dataset",
        module=type(source).__module__,
        kind=type(source).__qualname__,
    )


def size_of(source: Any) -> int | None:
    """Return the bytes of a source that is a path or bytes; None where it is something else, or not to be had."""
    if isinstance(source, bytes):
        return len(source)
    if not isinstance(source, str | Path):
        return None
    try:
        return Path(source).stat().st_size
    except (OSError, ValueError):
        return None


def name_of(source: Any) -> str:
    """Return the name that a reading gives to a source that is no path."""
    if isinstance(source, np.ndarray | Image.Image):
        return "pixels"
    return "dataset" if _is_dataset(source) else "bytes"


def _is_dataset(source: Any) -> bool:
    # Whoever has not imported pydicom, which takes 0.2 s, has no data set; another thread may be importing it just now.
    kind = getattr(sys.modules.get("pydicom"), "Dataset", None)
    return kind is not None and isinstance(source, kind)


def _bytes_of_stream(stream: Any) -> bytes:
    content = stream.read(MAX_FILE_BYTES + 1)
    if not isinstance(content, bytes):
        raise UnsupportedImageError("source: is a stream of text; open the file in binary mode")
    return content


def _bytes_of_dataset(dataset: "Dataset") -> bytes:
    """Write a data set as a DICOM file, in the transfer syntax that it states, else in Explicit VR Little Endian."""
    from pydicom import FileMetaDataset, dcmwrite
    from pydicom.uid import ExplicitVRLittleEndian

    from neumo.imaging.quiet import quiet

    copy = dataset.copy()
    meta = FileMetaDataset()
    meta.update(getattr(dataset, "file_meta", None) or {})
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
    copy.file_meta, copy.preamble = meta, b"\0" * 128
    stream = io.BytesIO()
    try:
        with quiet():
            dcmwrite(stream, copy, enforce_file_format=False)
    except Exception as error:  # whatever a value that cannot be encoded makes the writer raise
        raise UnreadableImageError(
            "dataset: cannot be written as a DICOM file ({kind})", kind=type(error).__name__
        ) from error
    return stream.getvalue()
