"""Converts colour to grey levels, and tells whether there was colour to lose."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.radiograph import Step

_TOLERANCE = 12
"""JPEG chroma rounding moves stored-grey channels apart by a few levels."""
_COLOURED_SHARE = 0.01
"""A burnt-in coloured letter or two does not make a photograph."""
_SAMPLE_SIDE = 512

TO_GREY: Step = {"step": "grey", "weights": [0.299, 0.587, 0.114]}
"""Luma of ITU-R BT.601, as Pillow computes it in integers."""


def rgb_to_grey(rgb: Image.Image) -> tuple[NDArray[np.uint8], bool]:
    """Grey levels of an RGB image, and whether it holds colour that is not merely grey in three channels."""
    red, green, blue = (np.asarray(band) for band in _sample(rgb).split())
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    coloured = np.count_nonzero(high - low > _TOLERANCE)
    return np.array(rgb.convert("L"), dtype=np.uint8), bool(coloured > _COLOURED_SHARE * high.size)


def _sample(rgb: Image.Image) -> Image.Image:
    """Return at most 512 x 512 pixels on a regular grid: looking for colour in all takes longer than decoding them."""
    width, height = (min(side, _SAMPLE_SIDE) for side in rgb.size)
    return rgb if (width, height) == rgb.size else rgb.resize((width, height), Image.Resampling.NEAREST)


def sixteen_to_eight_bits(samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Scale 0-65535 to 0-255, rounded to nearest."""
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
