"""Reads 16-bit PNGs in colour, or with transparency, at full depth; Pillow keeps the high bytes alone."""

from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

Samples = NDArray[np.uint16]

_GREY_ALPHA: Final = 4
_LOW_BYTES: Final = {2: "RGB;16L", _GREY_ALPHA: "RGBA", 6: "RGBA;16L"}
"""Raw mode by colour type (PNG specification, 11.2.2): of the other byte order, so that Pillow keeps the low bytes;
with one channel beside alpha, all four bytes of a pixel."""


def sixteen_bit_samples(high: Image.Image, content: bytes) -> tuple[Samples, Samples | None]:
    """Give the samples of a decoded PNG of 16 bits, and its alpha.

    Parameters
    ----------
    high : Image
        As Pillow decoded it: RGB or RGBA of the high bytes.
    content : bytes
        The whole file.

    Returns
    -------
    samples : ndarray of uint16, shape (height, width) or (height, width, 3)
    alpha : ndarray of uint16, shape (height, width), or None
    """
    kind = content[25]
    stream = PngImageFile(BytesIO(content))
    stream.tile = [tile._replace(args=_LOW_BYTES[kind]) for tile in stream.tile]
    low = np.asarray(stream)
    if kind == _GREY_ALPHA:
        return _joined(low[:, :, 0], low[:, :, 1]), _joined(low[:, :, 2], low[:, :, 3])
    samples = _joined(np.asarray(high), low)
    return samples[:, :, :3], samples[:, :, 3] if samples.shape[2] == 4 else None


def _joined(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> Samples:
    return high.astype(np.uint16) << np.uint16(8) | low
