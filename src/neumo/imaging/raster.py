"""PNG and JPEG to Radiograph, with limits before anything is decoded."""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.core.radiograph import Radiograph

RASTER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_READERS: dict[bytes, type[ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
}
_SIXTEEN_BIT = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_ORIENTATION = 0x0112
_GREY_TOLERANCE = 12
"""JPEG chroma rounding moves stored-grey channels apart by a few levels."""


def read_raster(stream: BinaryIO, name: Path, *, max_pixels: int) -> Radiograph:
    """Decode a PNG or JPEG.

    16-bit samples are scaled by their type's full range, alpha is laid on black, and the EXIF orientation
    is applied.

    Parameters
    ----------
    stream : binary file
        At its beginning.
    name : Path
        What messages call it.
    max_pixels : int
        Largest width x height that is decoded.

    Raises
    ------
    ImageTooLargeError
        The header declares more than `max_pixels`; nothing was decoded.
    UnreadableImageError
        The stream is empty, truncated, corrupt or of another format.
    OSError
        The stream cannot be read.
    """
    try:
        with open_header(stream, name) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise ImageTooLargeError(
                    f"{name}: {width} x {height} pixels exceed the limit of {max_pixels:,}; resample it first"
                )
            mode, orientation = image.mode, image.getexif().get(_ORIENTATION, 1)
            bit_depth = 16 if mode in _SIXTEEN_BIT else 8
            image.load()
            pixels, colour = _to_grey(ImageOps.exif_transpose(image))
    except UnreadableImageError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, struct.error, TypeError, KeyError) as error:
        raise UnreadableImageError(
            f"{name}: cannot be decoded ({error}); the file is corrupt or truncated"
        ) from error
    return Radiograph(
        pixels=pixels,
        source=name,
        original_size=(width, height),
        bit_depth=bit_depth,
        colour=colour,
        steps=(
            {"step": "decode", "format": image.format, "mode": mode, "size": [width, height]},
            {"step": "orient", "exif": int(orientation) if isinstance(orientation, int) else 1},
            {"step": "grey", "bits": bit_depth},
        ),
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
