"""Features of an image without its lungs (border, grey levels), for the shortcut controls."""

import numpy as np
from numpy.typing import NDArray

BORDER_SHARE = 0.05
"""Width of the frame at each side, as a share of the image's width or height."""

_PROFILE = 16
_BORDER_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_INTENSITY_QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
_BINS = 32


def border_features(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe the outer 5 % of an image: quantiles of the frame, mean, deviation and profile of each side.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)

    Returns
    -------
    ndarray of float32, shape (79,)
        7 quantiles, 4 means, 4 standard deviations (0-255), and 4 profiles of 16 values along the sides.
    """
    height, width = pixels.shape
    rows, columns = max(1, round(height * BORDER_SHARE)), max(1, round(width * BORDER_SHARE))
    sides = [pixels[:rows], pixels[-rows:], pixels[:, :columns].T, pixels[:, -columns:].T]
    frame = np.concatenate([side.ravel() for side in sides])
    quantiles = np.quantile(frame, _BORDER_QUANTILES)
    means = [side.mean() for side in sides]
    deviations = [side.std() for side in sides]
    profiles = np.concatenate([_area_averages(side.mean(axis=0)) for side in sides])
    return np.concatenate([quantiles, means, deviations, profiles]).astype(np.float32)


def intensity_features(histogram: NDArray[np.int64]) -> NDArray[np.float32]:
    """Describe the grey levels of an image, wherever they lie.

    Parameters
    ----------
    histogram : ndarray of int64, shape (256,)
        Number of pixels of each grey level.

    Returns
    -------
    ndarray of float32, shape (43,)
        Shares of 32 bins, mean, standard deviation and 9 quantiles (0-255).
    """
    share = histogram / histogram.sum()
    levels = np.arange(256)
    mean = float(share @ levels)
    deviation = float(np.sqrt(share @ (levels - mean) ** 2))
    quantiles = np.searchsorted(np.cumsum(share), _INTENSITY_QUANTILES)
    bins = share.reshape(_BINS, -1).sum(axis=1)
    return np.concatenate([bins, [mean, deviation], quantiles]).astype(np.float32)


def _area_averages(line: NDArray[np.float64]) -> NDArray[np.float64]:
    # Integrating and differencing averages any length, shorter than the profile too, without gaps.
    integral = np.concatenate([[0.0], np.cumsum(line)])
    edges = np.linspace(0, len(line), _PROFILE + 1)
    return np.asarray(np.diff(np.interp(edges, np.arange(len(line) + 1), integral)) * _PROFILE / len(line))
