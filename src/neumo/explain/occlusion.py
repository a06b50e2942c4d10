"""Occlusion maps, for networks without class maps: the loss of score when parts of the image are covered."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

CELLS = 12
"""Cells on each side of the map."""
COVER = 3
"""Cells on each side of the patch that is covered; neighbouring patches overlap."""

_BATCH = 24


def occlusion_map(
    score: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    image: NDArray[np.float32],
    *,
    cells: int = CELLS,
    cover: int = COVER,
) -> NDArray[np.float32]:
    """Cover the image patch by patch and note how much of the finding's score is lost.

    A patch is covered with the mean grey level of the image. A cell's value is the mean loss over the patches that
    cover it, so the map is comparable to a class map: positive where the image speaks for the finding.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.

    Parameters
    ----------
    score : callable
        Score of the finding, shape (N,), of images (N, 1, side, side) in 0-1.
    image : ndarray of float32, shape (1, side, side)
        The network's input, in 0-1.
    cells, cover : int
        Resolution of the map, and side of a patch in cells.

    Returns
    -------
    ndarray of float32, shape (cells, cells)

    Raises
    ------
    ValueError
        The patch is larger than the image, or the image is smaller than the grid.
    """
    side = image.shape[-1]
    if not 1 <= cover <= cells <= side:
        raise ValueError(
            f"occlusion: patches of {cover} in {cells} cells do not fit an image of {side} pixels"
        )
    whole = float(score(image[np.newaxis])[0])
    edges = np.linspace(0, side, cells + 1).round().astype(int)
    corners = [(row, column) for row in range(1 - cover, cells) for column in range(1 - cover, cells)]
    lost = np.zeros((cells, cells))
    covered = np.zeros((cells, cells))
    for block in _blocks(corners):
        patches = [(_within(row, cover, cells), _within(column, cover, cells)) for row, column in block]
        batch = np.repeat(image[np.newaxis], len(patches), axis=0)
        for picture, (rows, columns) in zip(batch, patches, strict=True):
            down, across = (slice(edges[cut.start], edges[cut.stop]) for cut in (rows, columns))
            picture[:, down, across] = image.mean()
        for value, patch in zip(score(batch), patches, strict=True):
            lost[patch] += whole - float(value)
            covered[patch] += 1
    return (lost / covered).astype(np.float32)


def _within(start: int, length: int, cells: int) -> slice:
    return slice(max(0, start), min(cells, start + length))


def _blocks(corners: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(corners), _BATCH):
        yield corners[start : start + _BATCH]
