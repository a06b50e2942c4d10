"""Converts arrays of pixels to a Radiograph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.errors import UnreadableImageError
from neumo.core.radiograph import Radiograph, Step
from neumo.imaging.grey import TO_GREY, grey_of_deep_colour, grey_of_sixteen_bits, rgb_to_grey
from neumo.imaging.limits import require_size


def from_array(values: NDArray[Any], *, max_pixels: int) -> Radiograph:
    """Take an array as a radiograph, bright = dense.

    Parameters
    ----------
    values : ndarray, shape (height, width), (height, width, 1) or (height, width, 3)
        uint8 in 0-255, uint16 in 0-65535 or in as many of their lower bits as are used, or floating point in 0-1; of
        either byte order.
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
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.size == 0 or (values.ndim != 2 and (values.ndim != 3 or values.shape[2] != 3)):
        raise UnreadableImageError(
            "array: shape {shape} is not that of an image; give (height, width) or (height, width, 3)",
            shape=values.shape,
        )
    height, width = values.shape[:2]
    require_size("array", width, height, max_pixels)
    first: Step = {"step": "array", "dtype": values.dtype.name, "shape": list(values.shape)}
    deep, colour, steps = None, False, list[Step]()
    samples, depth = _samples(values)
    bits = None if values.dtype == np.uint16 else 16
    if samples.dtype == np.uint16:
        wide = np.ascontiguousarray(samples, dtype=np.uint16)
        if wide.ndim == 3:
            pixels, deep, colour, steps = grey_of_deep_colour(wide, bits=bits)
        else:
            pixels, deep, steps = grey_of_sixteen_bits(wide, bits=bits)
    elif samples.ndim == 3:
        pixels, colour = rgb_to_grey(Image.fromarray(np.ascontiguousarray(samples, dtype=np.uint8)))
        steps.append(TO_GREY)
    else:
        pixels = np.array(samples, dtype=np.uint8, order="C")
    return Radiograph(
        pixels=pixels,
        source=None,
        original_size=(width, height),
        bit_depth=depth,
        colour=colour,
        steps=(first, *steps),
        deep=deep,
    )


def _samples(values: NDArray[Any]) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], int]:
    """Return samples in 0-255 or 0-65535, and the bits they had."""
    if values.dtype == np.uint8:
        return values, 8
    if values.dtype == np.uint16:
        return values, 16
    if not np.issubdtype(values.dtype, np.floating):
        raise UnreadableImageError(
            "array: type {dtype} is not taken; give uint8, uint16, or floating point in 0-1",
            dtype=values.dtype,
        )
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise UnreadableImageError(
            "array: values from {low:g} to {high:g} leave 0-1; scale them first", low=low, high=high
        )
    return np.floor(values.astype(np.float64, order="C") * 65535 + 0.5).astype(np.uint16), 16
