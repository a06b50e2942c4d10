"""The only preprocessing: radiograph pixels to the square a network sees, and its grey levels to 0-1."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOWER_PERCENTILE, UPPER_PERCENTILE = 2, 98
"""Between these percentiles of its own grey levels an image is scaled; markers and collimator edges fall outside."""


class Intensity(StrEnum):
    """How grey levels become a network's input."""

    AS_STORED = "as_stored"
    """Grey level / 255."""
    PERCENTILES = "percentiles"
    """0 at the image's 2nd percentile, 1 at its 98th, clipped."""


def scale_intensity(pixels: NDArray[np.uint8], intensity: Intensity) -> NDArray[np.float32]:
    """Grey levels of prepared squares to a network's input.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (..., size, size)
        One square or many; each is scaled by its own percentiles.
    intensity : Intensity
        The percentile p is the lowest grey level that at least p % of the pixels do not exceed.

    Returns
    -------
    ndarray of float32, shape (..., size, size)
        In 0-1; an image of one grey level becomes 0 throughout.
    """
    if intensity is Intensity.AS_STORED:
        return pixels.astype(np.float32) / np.float32(255)
    flat = pixels.reshape(-1, pixels.shape[-2] * pixels.shape[-1])
    scaled = np.empty(flat.shape, dtype=np.float32)
    levels = np.arange(256, dtype=np.float32)
    for source, target in zip(flat, scaled, strict=True):
        ranks = np.bincount(source, minlength=256).cumsum() * 100
        low = int(np.searchsorted(ranks, LOWER_PERCENTILE * source.size))
        high = int(np.searchsorted(ranks, UPPER_PERCENTILE * source.size))
        curve = np.clip((levels - low) / np.float32(max(high - low, 1)), 0, 1)
        np.take(
            curve, source, out=target, mode="clip"
        )  # levels cannot be out of range; this mode needs no copy
    return scaled.reshape(pixels.shape)


def fit_square(pixels: NDArray[np.uint8], size: int, field_of_view: float = 1.0) -> NDArray[np.uint8]:
    """Resample the central field to `size` x `size` with antialiasing; the aspect ratio is not kept, as in the study.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
    size : int
        Side of the result in pixels.
    field_of_view : float
        Central share of each side that is taken, above 0 and at most 1. The rim holds collimators, markers and
        text, seldom lung.

    Returns
    -------
    ndarray of uint8, shape (size, size)
        Bilinear resampling with support scaled to the reduction (no aliasing).
    """
    if pixels.shape == (size, size) and field_of_view == 1:
        return pixels
    height, width = pixels.shape
    near, far = (1 - field_of_view) / 2, (1 + field_of_view) / 2
    box = (width * near, height * near, width * far, height * far)
    image = Image.fromarray(pixels)
    resized = image.resize((size, size), Image.Resampling.BILINEAR, box=box, reducing_gap=None)
    return np.array(resized, dtype=np.uint8)
