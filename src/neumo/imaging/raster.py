"""PNG and JPEG files to Radiograph, with limits before anything is decoded."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.core.radiograph import Radiograph

MAX_PIXELS = 100_000_000
"""Largest width x height decoded (a 35 x 43 cm detector at 100 um has 15 million)."""

RASTER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_READERS: dict[bytes, type[ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
}
_SIXTEEN_BIT = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_GREY_TOLERANCE = 12
"""JPEG chroma rounding moves stored-grey channels apart by a few levels."""


def open_radiograph(path: Path, *, max_pixels: int = MAX_PIXELS) -> Radiograph:
    """Decode a PNG or JPEG file.

    16-bit samples are scaled by their type's full range, alpha is laid on black, and the EXIF orientation
    is applied.

    Parameters
    ----------
    path : Path
        The file.
    max_pixels : int
        Largest width x height that is decoded.

    Returns
    -------
    Radiograph
        uint8 pixels of shape (height, width).

    Raises
    ------
    ImageTooLargeError
        The header declares more than `max_pixels`; nothing was decoded.
    UnreadableImageError
        The file is missing, empty, truncated, corrupt or of another format.
    """
    try:
        with path.open("rb") as stream, open_header(stream, path) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise ImageTooLargeError(
                    f"{path}: {width} x {height} pixels exceed the limit of {max_pixels:,}; resample it first"
                )
            bit_depth = 16 if image.mode in _SIXTEEN_BIT else 8
            image.load()
            pixels, colour = _to_grey(ImageOps.exif_transpose(image))
    except UnreadableImageError:
        raise
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: no such file") from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise UnreadableImageError(
            f"{path}: cannot be decoded ({error}); the file is corrupt or truncated"
        ) from error
    return Radiograph(
        pixels=pixels, source=path, original_size=(width, height), bit_depth=bit_depth, colour=colour
    )


def open_header(stream: BinaryIO, path: Path) -> ImageFile.ImageFile:
    """Read the header of a PNG or JPEG from `stream`; nothing is decoded and no size is refused.

    The readers are called directly because `Image.open` warns and refuses by process-wide settings, which
    threads cannot change safely.

    Raises
    ------
    UnreadableImageError
        The stream is empty or holds another format.
    OSError, SyntaxError, ValueError
        The header is broken.
    """
    magic = stream.read(8)
    stream.seek(0)
    for signature, reader in _READERS.items():
        if magic.startswith(signature):
            return reader(stream)
    reason = "is not a PNG or JPEG image" if magic else "is empty (0 bytes)"
    raise UnreadableImageError(f"{path}: {reason}")


def _to_grey(image: Image.Image) -> tuple[NDArray[np.uint8], bool]:
    if image.mode in _SIXTEEN_BIT:
        wide = np.asarray(image, dtype=np.int64)
        return np.clip((wide + 128) // 257, 0, 255).astype(np.uint8), False
    if image.mode in {"1", "L"}:
        return np.array(image.convert("L"), dtype=np.uint8), False
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)
    rgb = image.convert("RGB")
    channels = np.asarray(rgb, dtype=np.int16)
    spread = channels.max(axis=2) - channels.min(axis=2)
    colour = bool((spread > _GREY_TOLERANCE).mean() > 0.01)
    return np.array(rgb.convert("L"), dtype=np.uint8), colour
