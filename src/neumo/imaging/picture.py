"""Pictures of Pillow as arrays of pixels, as a file of the same picture would be read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.imaging.limits import MAX_PIXELS, require_size
from neumo.imaging.quiet import quiet
from neumo.imaging.raster_formats import without_premultiplication

_LAYERED = frozenset({"LA", "PA", "RGBA"})
_MAX_SAMPLE = 65_535


def array_of_picture(image: Image.Image, *, max_pixels: int = MAX_PIXELS) -> NDArray[Any]:
    """Return the pixels of a picture: (height, width) or (height, width, 3), upright, transparency laid on black.

    Raises
    ------
    ImageTooLargeError
        It is larger than `max_pixels`; nothing was decoded.
    UnsupportedImageError
        Its samples are integers outside of 0-65535.
    UnreadableImageError
        Its file, which Pillow reads late, is truncated or corrupt.
    """
    require_size("picture", image.width, image.height, max_pixels)
    try:
        with quiet():
            return _array(without_premultiplication(ImageOps.exif_transpose(image)))
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # whatever decoding the rest of a file raises
        raise UnreadableImageError(
            "picture: cannot be decoded ({error}); its file is corrupt", error=error
        ) from error


def _array(image: Image.Image) -> NDArray[Any]:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "I":
        samples = np.asarray(image)
        if samples.min() < 0 or samples.max() > _MAX_SAMPLE:
            raise UnsupportedImageError("picture: samples leave 0-65535; scale them first")
        return samples.astype(np.uint16)
    if image.mode == "F":
        return np.asarray(image)
    if image.mode in _LAYERED or "transparency" in image.info:
        layered = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)
    if image.mode in {"1", "L"}:
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGB"))
