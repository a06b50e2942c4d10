"""Overlays: a heat map over its radiograph, in a colour map with even steps of lightness."""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

_LEVELS = 256
_DARKEST, _BRIGHTEST = 0.20, 0.95
_FIRST_HUE, _LAST_HUE = 295.0, 465.0
_CHROMA = 0.19

# Oklab to linear sRGB (B. Ottosson, "A perceptual color space for image processing", 2020).
_OKLAB_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_CONES_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@cache
def heat_colours() -> NDArray[np.uint8]:
    """Colours from cold to hot, shape (256, 3), read-only: dark violet over red and orange to bright yellow.

    Lightness rises by equal steps in Oklab, so that the order survives colour blindness and grey printing.
    """
    position = np.linspace(0.0, 1.0, _LEVELS)
    lightness = _DARKEST + (_BRIGHTEST - _DARKEST) * position
    hue = np.radians(_FIRST_HUE + (_LAST_HUE - _FIRST_HUE) * position)
    chroma = _CHROMA * np.sin(np.pi * (0.15 + 0.70 * position))
    oklab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    linear = np.clip((oklab @ _OKLAB_TO_CONES.T) ** 3 @ _CONES_TO_RGB.T, 0.0, 1.0)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.rint(gamma * 255).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def overlay(
    pixels: NDArray[np.uint8], heat: NDArray[np.floating], *, opacity: float = 0.6
) -> NDArray[np.uint8]:
    """Lay a heat map over a radiograph; where the heat is 0 the radiograph stays as it is.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
        The radiograph.
    heat : ndarray of float, shape (height, width)
        In 0-1; it counts in steps of 1 / 255.
    opacity : float
        Share of colour where the heat is 1, in 0-1.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    ValueError
        The shapes differ, or a value is out of bounds.
    """
    if pixels.ndim != 2 or pixels.shape != heat.shape:
        raise ValueError(
            f"overlay: radiograph {pixels.shape} and heat map {heat.shape} must share one (height, width)"
        )
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"opacity: {opacity} is out of bounds; use a number from 0 to 1")
    if not (np.isfinite(heat).all() and heat.min() >= 0.0 and heat.max() <= 1.0):
        raise ValueError(
            "heat map: values must lie in 0-1; scale the map with neumo.explain.heatmap.upsample"
        )
    levels = np.rint(heat * (_LEVELS - 1)).astype(np.uint16)
    blended: NDArray[np.uint8] = _blends(opacity).take(levels << 8 | pixels, axis=0)
    return blended


@lru_cache(maxsize=2)
def _blends(opacity: float) -> NDArray[np.uint8]:
    """Every heat level over every grey level, shape (256 * 256, 3): looking up takes a quarter of blending's time."""
    heat = np.arange(_LEVELS, dtype=np.float32)[:, np.newaxis, np.newaxis] / (_LEVELS - 1)
    grey = np.arange(256, dtype=np.float32)[np.newaxis, :, np.newaxis]
    colours = heat_colours().astype(np.float32)[:, np.newaxis]
    blends: NDArray[np.uint8] = np.rint(grey * (1 - opacity * heat) + colours * (opacity * heat)).astype(
        np.uint8
    )
    return blends.reshape(-1, 3)
