"""Fingerprints of radiographs, whose inner product is their similarity."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
"""Fingerprints are SIDE x SIDE values."""

_SIGMA = 2.0
_FLOOR = 4.0
_CLIP = 2.5


def fingerprint(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Describe a radiograph so that the inner product of two descriptions is their similarity.

    All chest radiographs look alike in the large, so a hash of low frequencies confuses different children. What
    tells them apart are ribs and vessels: the 32 x 32 reduction is normalised by local mean and local
    contrast (Jarrett et al., ICCV 2009), clipped so that a bright marker counts little, centred and scaled to
    unit length.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)

    Returns
    -------
    ndarray of float16, shape (1024,)
        Unit length, or all zero where the image has no structure.
    """
    # Box averages keep neighbouring values independent, which tells radiographs apart better than a wider filter.
    reduced = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    small = np.asarray(reduced, dtype=np.float64)
    detail = small - _blurred(small)
    contrast = np.sqrt(_blurred(detail * detail))
    local = np.clip(detail / (contrast + _FLOOR), -_CLIP, _CLIP).ravel()
    local -= local.mean()
    length = float(np.linalg.norm(local))
    if length < 1e-6:
        return np.zeros(SIDE * SIDE, dtype=np.float16)
    return (local / length).astype(np.float16)


def mirrored(fingerprints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fingerprints of the images flipped left to right; shape (N, 1024) in and out."""
    return np.ascontiguousarray(fingerprints.reshape(-1, SIDE, SIDE)[:, :, ::-1]).reshape(
        len(fingerprints), -1
    )


def _gaussian_matrix() -> NDArray[np.float64]:
    position = np.arange(SIDE)
    weight = np.exp(-0.5 * ((position[:, None] - position[None, :]) / _SIGMA) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


_BLUR = _gaussian_matrix()


def _blurred(image: NDArray[np.float64]) -> NDArray[np.float64]:
    return _BLUR @ image @ _BLUR.T
