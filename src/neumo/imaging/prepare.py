"""The only preprocessing: radiograph pixels to the square a network sees."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fit_square(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resample to `size` x `size` with antialiasing; the aspect ratio is not kept, as in the study.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
    size : int
        Side of the result in pixels.

    Returns
    -------
    ndarray of uint8, shape (size, size)
        Bilinear resampling with support scaled to the reduction (no aliasing).
    """
    if pixels.shape == (size, size):
        return pixels
    image = Image.fromarray(pixels)
    return np.array(image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=None), dtype=np.uint8)
