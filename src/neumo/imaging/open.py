"""From a file, its bytes or an array to a Radiograph; the format is told by content, never by name."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.core.radiograph import Radiograph
from neumo.imaging.raster import read_raster

MAX_PIXELS = 100_000_000
"""Largest width x height decoded (a 35 x 43 cm detector at 100 um has 15 million)."""

_DICOM_PREFIX = slice(128, 132)


def open_radiograph(
    source: Path | bytes | NDArray[np.generic], *, name: str = "", max_pixels: int = MAX_PIXELS
) -> Radiograph:
    """Decode a PNG, JPEG or DICOM file, its bytes, or take pixels.

    Parameters
    ----------
    source : Path, bytes or ndarray
        Pixels are of shape (height, width), or (height, width, 3) for grey stored as colour; uint8, uint16 (scaled by
        its full range) or float in 0-1.
    name : str
        What messages call bytes and pixels.
    max_pixels : int
        Largest width x height that is decoded.

    Raises
    ------
    ImageTooLargeError
        More than `max_pixels` are declared; nothing was decoded.
    UnreadableImageError
        The source is missing, empty, truncated, corrupt, of another format, or no array of grey pixels.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, Path(name or "pixels"), max_pixels)
    if isinstance(source, bytes):
        return _from_bytes(source, Path(name or "bytes"), max_pixels)
    try:
        with source.open("rb") as stream:
            head = stream.read(_DICOM_PREFIX.stop)
            stream.seek(0)
            if not is_dicom(head):
                return read_raster(stream, source, max_pixels=max_pixels)
            return _from_bytes(stream.read(), source, max_pixels)
    except UnreadableImageError:
        raise
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{source}: no such file") from error
    except OSError as error:
        raise UnreadableImageError(f"{source}: cannot be read ({error.strerror or error})") from error


def is_dicom(head: bytes) -> bool:
    """Whether the first 132 bytes of a file are those of a DICOM file, with or without its preamble."""
    # Without a preamble files begin with a tag of group 0002 or 0008, little endian.
    return head[_DICOM_PREFIX] == b"DICM" or (head[:2] in (b"\x02\x00", b"\x08\x00") and head[3:4] == b"\x00")


def _from_bytes(data: bytes, name: Path, max_pixels: int) -> Radiograph:
    if is_dicom(data[: _DICOM_PREFIX.stop]):
        # Here, so that readers of other formats do not wait for the DICOM dictionary.
        from neumo.imaging.dicom import read_dicom

        return read_dicom(data, name, max_pixels=max_pixels)
    return read_raster(io.BytesIO(data), name, max_pixels=max_pixels)


def _from_array(array: NDArray[np.generic], name: Path, max_pixels: int) -> Radiograph:
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] != 3):
        raise UnreadableImageError(
            f"{name}: shape {array.shape} is no radiograph; give (height, width) or (height, width, 3)"
        )
    height, width = array.shape[:2]
    if height * width > max_pixels:
        raise ImageTooLargeError(
            f"{name}: {width} x {height} pixels exceed the limit of {max_pixels:,}; resample it first"
        )
    levels, bits = _eight_bit(array, name)
    colour = False
    if levels.ndim == 3:
        spread = levels.max(axis=2).astype(np.int16) - levels.min(axis=2)
        colour = bool((spread > 12).mean() > 0.01)
        levels = (levels.astype(np.uint32) @ np.array([299, 587, 114], dtype=np.uint32) // 1000).astype(np.uint8)
    return Radiograph(
        pixels=np.ascontiguousarray(levels),
        source=name,
        original_size=(width, height),
        bit_depth=bits,
        colour=colour,
        steps=({"step": "pixels", "dtype": str(array.dtype), "size": [width, height]},),
    )


def _eight_bit(array: NDArray[np.generic], name: Path) -> tuple[NDArray[np.uint8], int]:
    if array.dtype == np.uint8:
        return array.astype(np.uint8), 8
    if array.dtype == np.uint16:
        return np.clip((array.astype(np.uint32) + 128) // 257, 0, 255).astype(np.uint8), 16
    if array.dtype.kind == "f":
        values = array.astype(np.float64)
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
            raise UnreadableImageError(f"{name}: float pixels must lie in 0-1 and be finite; scale them first")
        return np.rint(values * 255).astype(np.uint8), 16
    raise UnreadableImageError(f"{name}: pixels of type {array.dtype} are not read; give uint8, uint16 or float in 0-1")
