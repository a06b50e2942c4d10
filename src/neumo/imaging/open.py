"""Opens radiographs: the one way from a file, its bytes, or an array of pixels to a Radiograph."""

import hashlib
import os
import stat
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.core.radiograph import Radiograph
from neumo.imaging.array import from_array
from neumo.imaging.limits import MAX_PIXELS, require_file_size
from neumo.imaging.raster import decode_raster, is_raster
from neumo.imaging.raster_formats import RASTER_NAMES, archive_kind, other_image_kind

if TYPE_CHECKING:
    from neumo.imaging.dicom.parse import Parsed

_MIN_DICOM = 132
"""Preamble and prefix; a bare data set that holds an image is longer still."""


def open_radiograph(
    source: str | os.PathLike[str] | bytes | NDArray[Any], *, max_pixels: int = MAX_PIXELS
) -> Radiograph:
    """Open a radiograph; the format is told from the content, never from the file's name.

    Parameters
    ----------
    source : path, bytes or ndarray
        A PNG, JPEG, TIFF, BMP, WebP, AVIF or DICOM file, its content, or pixels of shape (height, width) or
        (height, width, 3) as uint8, uint16 or floating point in 0-1, bright = dense.
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
    return ImageFile(source, max_pixels=max_pixels).radiograph()


class ImageFile:
    """A file's bytes in memory, whose DICOM header is parsed once, whoever asks for it.

    Parameters
    ----------
    source : path or bytes
    max_pixels : int
        Largest width x height that is decoded.
    whole : bool
        Parse all elements of a DICOM file, and not only those before its pixels.

    Attributes
    ----------
    content : bytes
    sha256 : str
        Of the content, in lower-case hexadecimal.
    path : Path or None
    name : str
        What messages call it.

    Raises
    ------
    ImageTooLargeError
        The file is larger than allowed.
    UnreadableImageError
        It is missing, or cannot be read.
    """

    def __init__(
        self, source: str | os.PathLike[str] | bytes, *, max_pixels: int = MAX_PIXELS, whole: bool = False
    ) -> None:
        self._max_pixels, self._whole = max_pixels, whole
        self.path = None
        if not isinstance(source, bytes | bytearray | memoryview):
            self.path = source if isinstance(source, Path) else Path(source)
        if self.path is None:
            self.content, self.name = bytes(source), "bytes"  # type: ignore[arg-type]
            require_file_size(self.name, len(self.content))
        else:
            self.content, self.name = _content_of(self.path), str(self.path)
        self.sha256 = hashlib.sha256(self.content).hexdigest()

    @cached_property
    def parsed(self) -> "Parsed | None":
        """The DICOM file parsed; None where it is none. Raises ImageTooLargeError, UnreadableImageError."""
        if is_raster(self.content) or len(self.content) < _MIN_DICOM:
            return None
        # pydicom takes 0.2 s to import, which readers of PNG and JPEG shall not pay.
        from neumo.imaging.dicom.recognise import is_dicom

        if not is_dicom(self.content):
            return None
        from neumo.imaging.dicom.parse import parse

        return parse(self.content, self.name, max_pixels=self._max_pixels, whole=self._whole)

    def radiograph(self, enough: int | None = None) -> Radiograph:
        """Decode the file; raises as `open_radiograph`.

        Parameters
        ----------
        enough : int, optional
            Pixels a side that are needed: JPEG and JPEG 2000 may be decoded smaller as far as they keep them, which
            the first of the radiograph's steps then states as "reduction". Everything is decoded when left out.
        """
        return replace(self._decoded(enough), source=self.path, sha256=self.sha256)

    def _decoded(self, enough: int | None) -> Radiograph:
        if is_raster(self.content):
            return decode_raster(self.content, self.name, max_pixels=self._max_pixels, enough=enough)
        if self.parsed is not None:
            from neumo.imaging.dicom.decode import decode_dicom

            return decode_dicom(self.parsed, self.name, max_pixels=self._max_pixels, enough=enough)
        if not self.content:
            raise UnreadableImageError("{name}: is empty (0 bytes)", name=self.name)
        self._require_no_other_kind()
        raise UnreadableImageError(
            "{name}: is no {formats} image, nor DICOM", name=self.name, formats=RASTER_NAMES
        )

    def _require_no_other_kind(self) -> None:
        kind = other_image_kind(self.content)
        if kind is None and self.content.startswith(b"%PDF-"):
            kind = "PDF"
        if kind is not None:
            raise UnsupportedImageError(
                "{name}: is a file of the kind {kind}, which is not read; save it as PNG",
                name=self.name,
                kind=kind,
            )
        kind = archive_kind(self.content)
        if kind is not None:
            raise UnsupportedImageError(
                "{name}: is an archive ({kind}); unpack it, and give the folder", name=self.name, kind=kind
            )


def _content_of(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImageError("{path}: is a folder; name the image files in it", path=path)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImageError("{path}: is no regular file; copy the image into one", path=path)
        require_file_size(str(path), status.st_size)
        return path.read_bytes()
    except UnreadableImageError:
        raise
    except FileNotFoundError as error:
        raise UnreadableImageError("{path}: no such file", path=path) from error
    except (OSError, ValueError) as error:  # a path with a null byte is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise UnreadableImageError(
            "{path}: cannot be read ({reason}); check its permissions and medium", path=path, reason=reason
        ) from error
