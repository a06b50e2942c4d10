"""The single way from anything to a Radiograph: a file, its bytes, or pixels that are already there."""

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import UnreadableImageError
from neumo.core.radiograph import Radiograph
from neumo.imaging.array import from_array
from neumo.imaging.limits import MAX_PIXELS, require_file_size
from neumo.imaging.raster import decode_raster, is_raster

_MIN_DICOM = 132
"""Preamble and prefix; a bare data set that holds an image is longer still."""


def open_radiograph(
    source: str | os.PathLike[str] | bytes | NDArray[Any], *, max_pixels: int = MAX_PIXELS
) -> Radiograph:
    """Open a radiograph; the format is told from the content, never from the file's name.

    Parameters
    ----------
    source : path, bytes or ndarray
        A PNG, JPEG or DICOM file, its content, or pixels of shape (height, width) or (height, width, 3) as uint8,
        uint16 or floating point in 0-1, bright = dense.
    max_pixels : int
        Largest width x height that is decoded; checked against the header before anything is.

    Returns
    -------
    Radiograph
        uint8 pixels of shape (height, width), with the SHA-256 of the file's bytes, the steps taken, and, from DICOM,
        the facts of the header.

    Raises
    ------
    ImageTooLargeError
        The image or the file is larger than allowed; nothing was decoded.
    UnsupportedImageError
        An intact file of a kind that is not read, such as a DICOM file of several frames.
    UnreadableImageError
        The source is missing, empty, truncated, corrupt, of another format, or an array that is no image.
    """
    if isinstance(source, np.ndarray):
        return from_array(source, max_pixels=max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        content, name, path = bytes(source), "bytes", None
        require_file_size(name, len(content))
    else:
        path = Path(source)
        content, name = _content_of(path), str(path)
    radiograph = _decode(content, name, max_pixels)
    return replace(radiograph, source=path, sha256=hashlib.sha256(content).hexdigest())


def _content_of(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImageError(f"{path}: is a folder; name the image files in it")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImageError(f"{path}: is no regular file; copy the image into one")
        require_file_size(str(path), status.st_size)
        return path.read_bytes()
    except UnreadableImageError:
        raise
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:  # a path with a null byte is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise UnreadableImageError(
            f"{path}: cannot be read ({reason}); check its permissions and medium"
        ) from error


def _decode(content: bytes, name: str, max_pixels: int) -> Radiograph:
    if is_raster(content):
        return decode_raster(content, name, max_pixels=max_pixels)
    if len(content) >= _MIN_DICOM:
        # pydicom takes 0.2 s to import, which readers of PNG and JPEG shall not pay.
        from neumo.imaging.dicom.recognise import is_dicom

        if is_dicom(content):
            from neumo.imaging.dicom.decode import decode_dicom

            return decode_dicom(content, name, max_pixels=max_pixels)
    reason = "is not a PNG or JPEG image, nor DICOM" if content else "is empty (0 bytes)"
    raise UnreadableImageError(f"{name}: {reason}")
