"""Deletion and insertion: whether the answer depends on the places that the map shows.

After Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018, with
square blocks in place of pixels: blocks of the image are taken out (or put in) in the order of the map, and the
probability of the finding is followed. The measure of comparison is the same with the blocks in random order.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from neumo.explain.heatmap import upsample

Floats = NDArray[np.float64]
Images = NDArray[np.float32]
Probability = Callable[[Images], Floats]
"""From images (N, 1, side, side) to the probability of one finding, shape (N,)."""

GRID = 12
"""Blocks along each side of an image."""
STEPS = 12
"""Points of a curve after its first."""
RANDOM_ORDERS = 2
"""Random orders whose curves are averaged."""
_BLUR = 0.06
"""Deviation of the blur that insertion starts from, as a share of the image's side."""
_BATCH = 32


@dataclass(frozen=True)
class Curves:
    """Probability of the called finding over the share of blocks changed, for one image.

    Attributes
    ----------
    deletion, insertion : ndarray of float64, shape (STEPS + 1,)
        Blocks in the order of the map, hottest first.
    random_deletion, random_insertion : ndarray of float64, shape (STEPS + 1,)
        Blocks in random order, the mean of several.
    """

    deletion: Floats
    insertion: Floats
    random_deletion: Floats
    random_insertion: Floats


def area(curve: Floats) -> float:
    """Area under a curve over the share of blocks from 0 to 1, by trapezoids; in 0-1."""
    return float((curve[1:] + curve[:-1]).mean() / 2)


def curves(
    image: Images, class_map: NDArray[np.floating], probability: Probability, rng: np.random.Generator
) -> Curves:
    """Follow the probability of a finding while blocks leave and enter an image.

    A deleted block takes the image's mean grey; insertion starts from the blurred image. The reader's gate is
    not asked: it would refuse most images with blocks missing.

    Parameters
    ----------
    image : ndarray of float32, shape (1, side, side)
        A network's input, in 0-1; the side is at least GRID.
    class_map : ndarray of float, shape (h, w)
        Of the finding that is followed.
    probability : callable
        Of that finding.
    rng : numpy.random.Generator
        Draws the random orders.
    """
    # Unrectified, so that blocks without positive evidence still have an order of their own.
    heat = upsample(class_map - class_map.min(), (GRID, GRID)).reshape(-1)
    # Ties are broken by chance, so that a flat map is a random order and not one from top to bottom.
    by_map = np.lexsort((rng.random(GRID * GRID), -heat))
    orders = [by_map, *(rng.permutation(GRID * GRID) for _ in range(RANDOM_ORDERS))]
    flat = np.full_like(image, image.mean())
    deletions = [_between(image, flat, order) for order in orders]
    insertions = [_between(_blurred(image), image, order) for order in orders]
    answers = _batched(probability, np.concatenate([*deletions, *insertions]))
    deletion, insertion = answers.reshape(2, len(orders), STEPS + 1)
    return Curves(deletion[0], insertion[0], deletion[1:].mean(axis=0), insertion[1:].mean(axis=0))


def _between(start: Images, end: Images, order: NDArray[np.intp]) -> Images:
    """Images from `start` to `end`, blocks exchanged in the given order; shape (STEPS + 1, 1, side, side)."""
    side = start.shape[-1]
    block = np.arange(side) * GRID // side
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    when = rank[block[:, np.newaxis] * GRID + block[np.newaxis, :]]
    counts = np.rint(np.linspace(0, len(order), STEPS + 1))
    return np.stack([np.where(when < count, end, start) for count in counts])


def _blurred(image: Images) -> Images:
    levels = Image.fromarray(np.rint(image[0] * 255).astype(np.uint8))
    blurred = levels.filter(ImageFilter.GaussianBlur(_BLUR * image.shape[-1]))
    return np.asarray(blurred, dtype=np.float32)[np.newaxis] / np.float32(255)


def _batched(probability: Probability, images: Images) -> Floats:
    return np.concatenate([probability(images[i : i + _BATCH]) for i in range(0, len(images), _BATCH)])
