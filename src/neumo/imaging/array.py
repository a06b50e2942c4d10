"""Converts arrays of pixels to a Radiograph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.errors import UnreadableImageError
from neumo.core.radiograph import Radiograph, Step
from neumo.imaging.grey import TO_GREY, rgb_to_grey, sixteen_to_eight_bits
from neumo.imaging.limits import require_size


def from_array(values: NDArray[Any], *, max_pixels: int) -> Radiograph:
    """Take an array as a radiograph, bright = dense.

    Parameters
    ----------
    values : ndarray, shape (height, width), (height, width, 1) or (height, width, 3)
        uint8 in 0-255, uint16 in 0-65535, or floating point in 0-1.
    max_pixels : int
        Largest width x height taken.

    Returns
    -------
    Radiograph
        With pixels of its own; `values` may change afterwards.

    Raises
    ------
    ImageTooLargeError
        The array is larger than `max_pixels`.
    UnreadableImageError
        It has another shape or type, no pixels, or values outside its range.
    """
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.size == 0 or (values.ndim != 2 and (values.ndim != 3 or values.shape[2] != 3)):
        raise UnreadableImageError(
            f"array: shape {values.shape} is not that of an image; give (height, width) or (height, width, 3)"
        )
    height, width = values.shape[:2]
    require_size("array", width, height, max_pixels)
    pixels, depth, step = _eight_bits(values)
    first: Step = {"step": "array", "dtype": values.dtype.name, "shape": list(values.shape)}
    steps: list[Step] = [first] if step is None else [first, step]
    colour = False
    if pixels.ndim == 3:
        pixels, colour = rgb_to_grey(Image.fromarray(pixels))
        steps.append(TO_GREY)
    return Radiograph(
        pixels=pixels,
        source=None,
        original_size=(width, height),
        bit_depth=depth,
        colour=colour,
        steps=tuple(steps),
    )


def _eight_bits(values: NDArray[Any]) -> tuple[NDArray[np.uint8], int, Step | None]:
    """Return samples in 0-255, the bits they had, and the step taken if any."""
    if values.dtype == np.uint8:
        return np.array(values, dtype=np.uint8, order="C"), 8, None
    if values.dtype == np.uint16:
        scaled = sixteen_to_eight_bits(np.ascontiguousarray(values))
        return scaled, 16, {"step": "scale", "low": 0, "high": 65535}
    if not np.issubdtype(values.dtype, np.floating):
        raise UnreadableImageError(
            f"array: type {values.dtype} is not taken; give uint8, uint16, or floating point in 0-1"
        )
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise UnreadableImageError(f"array: values from {low:g} to {high:g} leave 0-1; scale them first")
    scaled = np.floor(values.astype(np.float64, order="C") * 255 + 0.5).astype(np.uint8)
    return scaled, 16, {"step": "scale", "low": 0.0, "high": 1.0}
