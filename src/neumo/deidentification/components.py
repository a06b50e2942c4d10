"""Connected components of a mask, by runs of pixels, without SciPy."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Box:
    """The smallest upright rectangle around some pixels; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int
    pixels: int = 0

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @classmethod
    def around(cls, boxes: Iterable["Box"]) -> "Box":
        """Return the box of several boxes."""
        all_of = list(boxes)
        return cls(
            min(box.left for box in all_of),
            min(box.top for box in all_of),
            max(box.right for box in all_of),
            max(box.bottom for box in all_of),
            sum(box.pixels for box in all_of),
        )


def boxes_of(mask: NDArray[np.bool_], *, max_runs: int) -> list[Box]:
    """Return the box of each component of pixels that touch at a side or corner.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)
    max_runs : int
        Runs beyond which the mask is taken for noise, and no box is returned.
    """
    rows, starts, ends = _runs(mask)
    if len(rows) > max_runs:
        return []
    parents = list(range(len(rows)))
    first_of_row = np.searchsorted(rows, np.arange(mask.shape[0] + 1)).tolist()
    for row in range(1, mask.shape[0]):
        above, above_end = first_of_row[row - 1], first_of_row[row]
        for run in range(first_of_row[row], first_of_row[row + 1]):
            while above < above_end and ends[above] < starts[run]:
                above += 1
            touching = above
            while touching < above_end and starts[touching] <= ends[run]:
                parents[_root(parents, run)] = _root(parents, touching)
                touching += 1
    boxes: dict[int, Box] = {}
    for run, (row, start, end) in enumerate(zip(rows.tolist(), starts, ends, strict=True)):
        box = boxes.setdefault(_root(parents, run), Box(start, row, end, row + 1))
        box.left, box.right, box.bottom = min(box.left, start), max(box.right, end), row + 1
        box.pixels += end - start
    return list(boxes.values())


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], list[int], list[int]]:
    """Return row, first and one past last column of each run of set pixels, in reading order."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return rows, starts.tolist(), ends.tolist()


def _root(parents: list[int], run: int) -> int:
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run
