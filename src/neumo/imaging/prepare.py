"""The only preprocessing: radiograph pixels to the square a network sees, and its grey levels to 0-1."""

from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.radiograph import Radiograph

Levels = NDArray[np.uint8] | NDArray[np.uint16]
_Square = TypeVar("_Square", NDArray[np.uint8], NDArray[np.uint16], Levels)

LOWER_PERCENTILE, UPPER_PERCENTILE = 2, 98
"""Between these percentiles of its own grey levels an image is scaled; markers and collimator edges fall outside."""


class Intensity(StrEnum):
    """Scaling of grey levels into a network's input."""

    AS_STORED = "as_stored"
    """Grey level / 255, of the image as it is shown."""
    PERCENTILES = "percentiles"
    """0 at the image's 2nd percentile, 1 at its 98th, clipped; at full depth."""


def network_square(radiograph: Radiograph, size: int, field_of_view: float, intensity: Intensity) -> Levels:
    """Resample what `scale_intensity` takes: full depth for percentiles, else the image as it is shown.

    Parameters
    ----------
    radiograph : Radiograph
    size, field_of_view
        As for `fit_square`.
    intensity : Intensity

    Returns
    -------
    ndarray of uint8 or uint16, shape (size, size)
    """
    levels = radiograph.levels if intensity is Intensity.PERCENTILES else radiograph.pixels
    return fit_square(levels, size, field_of_view)


def eight_bit_square(square: Levels) -> NDArray[np.uint8]:
    """8 bits of a square of 16, for caches: its 2nd and 98th percentile become 16 and 239; one of 8 bits stays."""
    if square.dtype == np.uint8:
        return square.astype(np.uint8, copy=False)
    low, high = _percentiles(square.ravel())
    curve = (np.arange(2**16, dtype=np.float32) - low) / np.float32(max(high - low, 1)) * 223 + 16
    eight: NDArray[np.uint8] = np.rint(np.clip(curve, 0, 255)).astype(np.uint8)[square]
    return eight


def scale_intensity(pixels: Levels, intensity: Intensity) -> NDArray[np.float32]:
    """Grey levels of prepared squares to a network's input.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (..., size, size)
        One square or many; each is scaled by its own percentiles.
    intensity : Intensity
        The percentile p is the lowest grey level that at least p % of the pixels do not exceed.

    Returns
    -------
    ndarray of float32, shape (..., size, size)
        In 0-1; an image of one grey level becomes 0 throughout.
    """
    if intensity is Intensity.AS_STORED:
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    flat: NDArray[Any] = pixels.reshape(-1, pixels.shape[-2] * pixels.shape[-1])
    scaled = np.empty(flat.shape, dtype=np.float32)
    for source, target in zip(flat, scaled, strict=True):
        low, high = _percentiles(source)
        np.subtract(source, np.float32(low), out=target, dtype=np.float32)
        np.divide(target, np.float32(max(high - low, 1)), out=target)
        np.clip(target, 0, 1, out=target)
    return scaled.reshape(pixels.shape)


def _percentiles(levels: Levels) -> tuple[int, int]:
    ranks = level_counts(levels).cumsum() * 100
    low, high = np.searchsorted(ranks, (LOWER_PERCENTILE * levels.size, UPPER_PERCENTILE * levels.size))
    return int(low), int(high)


def level_counts(levels: Levels) -> NDArray[np.int64]:
    """Count the pixels of each grey level, from 0 to 255 or to the greatest."""
    if levels.dtype == np.uint8:  # Pillow counts in half the time: NumPy widens each level to 8 bytes first
        return np.array(Image.fromarray(np.atleast_2d(levels)).histogram(), dtype=np.int64)
    return np.bincount(levels.ravel())


def fit_square(pixels: _Square, size: int, field_of_view: float = 1.0) -> _Square:
    """Resample the central field to `size` x `size` with antialiasing; the aspect ratio is not kept, as in the study.

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16, shape (height, width)
    size : int
        Side of the result in pixels.
    field_of_view : float
        Central share of each side that is taken, above 0 and at most 1. The rim holds collimators, markers and
        text, seldom lung.

    Returns
    -------
    ndarray of the same type, shape (size, size)
        Bilinear resampling with support scaled to the reduction (no aliasing).
    """
    if pixels.shape == (size, size) and field_of_view == 1:
        return pixels
    height, width = pixels.shape
    near, far = (1 - field_of_view) / 2, (1 + field_of_view) / 2
    box = (width * near, height * near, width * far, height * far)
    image = Image.fromarray(pixels)
    resized = image.resize((size, size), Image.Resampling.BILINEAR, box=box, reducing_gap=None)
    values: Any = np.array(resized, dtype=pixels.dtype)
    square: _Square = values
    return square
