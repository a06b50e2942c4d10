"""Converts colour and 16-bit samples to grey levels, and tells whether there was colour to lose."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.radiograph import Step
from neumo.imaging.depth import (
    Raw,
    find_padding,
    full_depth,
    through_table,
    to_eight_bits,
    usage_of,
    used_range,
)

_TOLERANCE = 12
"""JPEG chroma rounding moves stored-grey channels apart by a few levels."""
_COLOURED_SHARE = 0.01
"""A burnt-in coloured letter or two does not make a photograph."""
_SAMPLE_SIDE = 512

TO_GREY: Step = {"step": "grey", "weights": [0.299, 0.587, 0.114]}
"""Luma of ITU-R BT.601, as Pillow computes it in integers."""
TRANSPARENCY: Step = {"step": "transparency", "background": 0}


def rgb_to_grey(rgb: Image.Image) -> tuple[NDArray[np.uint8], bool]:
    """Grey levels of an RGB image, and whether it holds colour that is not merely grey in three channels."""
    sample = _sample(rgb)
    bands = [sample.tobytes("raw", band) for band in "RGB"]  # a quarter of the time that `split` takes
    red, green, blue = (np.frombuffer(band, dtype=np.uint8).reshape(sample.size[::-1]) for band in bands)
    if bands[0] == bands[1] == bands[2]:  # then luma, whose weights add up to 1, is the same
        return np.array(red if sample is rgb else rgb.convert("L"), dtype=np.uint8), False
    return np.array(rgb.convert("L"), dtype=np.uint8), _holds_colour(red, green, blue, _TOLERANCE)


def grey_of_deep_colour(
    samples: NDArray[np.uint16], transparent: NDArray[np.bool_] | None = None, *, bits: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint16], bool, list[Step]]:
    """8 bits and full depth of colour samples, and whether they hold colour that is not merely grey in three channels.

    Parameters
    ----------
    samples : ndarray of uint16, shape (height, width, 3)
    transparent : ndarray of bool, shape (height, width), optional
        Where the samples are black because there is no image.
    bits : int, optional
        Of which the highest sample is white; as many as the image uses (8-16) when left out.

    Returns
    -------
    pixels : ndarray of uint8, shape (height, width)
    deep : ndarray of uint16, shape (height, width)
    colour : bool
    steps : list of Step
    """
    steps = [TO_GREY] if transparent is None else [TO_GREY, TRANSPARENCY]
    luma = luma_of_sixteen_bits(samples)
    pixels, deep, taken = grey_of_sixteen_bits(luma, bits=bits)
    rows, columns = (np.linspace(0, side - 1, min(side, _SAMPLE_SIDE)).astype(int) for side in luma.shape)
    brightest = taken[-1]["high"] * taken[0]["high"]
    red, green, blue = np.moveaxis(samples[np.ix_(rows, columns)], 2, 0)
    colour = _holds_colour(red, green, blue, _TOLERANCE * brightest / 255)
    if colour and bits is None:  # the luma of one channel alone uses fewer bits than that channel
        bits = max(8, int(samples.max()).bit_length())
        pixels, deep, taken = grey_of_sixteen_bits(luma, bits=bits)
    return pixels, deep, colour, [*steps, *taken]


def _holds_colour(red: Raw, green: Raw, blue: Raw, tolerance: float) -> bool:
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    coloured = np.count_nonzero(high - low > tolerance)
    return bool(coloured > _COLOURED_SHARE * high.size)


def _sample(rgb: Image.Image) -> Image.Image:
    """Return at most 512 x 512 pixels on a regular grid: looking for colour in all takes longer than decoding them."""
    width, height = (min(side, _SAMPLE_SIDE) for side in rgb.size)
    return rgb if (width, height) == rgb.size else rgb.resize((width, height), Image.Resampling.NEAREST)


def grey_of_sixteen_bits(
    samples: NDArray[np.uint16], transparent: int | None = None, *, bits: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint16], list[Step]]:
    """8 bits and full depth of samples that may use only the lower of their 16 bits.

    Parameters
    ----------
    samples : ndarray of uint16, shape (height, width)
    transparent : int, optional
        The sample that is no image.
    bits : int, optional
        Of which the highest sample is white; as many as the image uses (8-16) when left out.

    Returns
    -------
    pixels : ndarray of uint8, shape (height, width)
        Padding and what is transparent are 0.
    deep : ndarray of uint16, shape (height, width)
    steps : list of Step
    """
    usage, codes = usage_of(samples, 2**16), np.arange(2**16, dtype=np.float64)
    outside, steps = find_padding(codes, usage), list[Step]()
    if outside.any():
        low, high = int(codes[outside].min()), int(codes[outside].max())
        steps.append({"step": "padding", "low": low, "high": high, "background": 0, "declared": False})
    if transparent is not None:
        outside[transparent] = True
        steps.append({"step": "transparency", "value": transparent, "background": 0})
    counts = np.where(outside, 0, usage.counts)
    bits = bits or max(8, int(used_range(codes, counts)[1]).bit_length())
    shares = codes / (2**bits - 1)
    deep, depth = full_depth(samples, shares, counts, outside)
    shares[outside] = 0
    steps = [{"step": "scale", "low": 0, "high": 2**bits - 1}, *steps, depth]
    return through_table(samples, to_eight_bits(shares)), deep, steps


def luma_of_sixteen_bits(samples: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Luma (ITU-R BT.601) of 16-bit colour, shape (height, width, 3) to (height, width), rounded to nearest."""
    luma = np.full(samples.shape[:2], 32768, dtype=np.uint32)
    for band, weight in enumerate((19595, 38470, 7471)):
        luma += samples[:, :, band].astype(np.uint32) * np.uint32(weight)
    return (luma >> np.uint32(16)).astype(np.uint16)
