"""AUROC of one ranking under many sets of image weights, as a bootstrap of patients needs it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ranking:
    """N images sorted by rising score once, so that each resample costs one pass and no sort.

    Attributes
    ----------
    order : ndarray of int64, shape (N,)
    starts : ndarray of int64
        Where in that order each distinct score begins.
    positive : ndarray of bool, shape (N,)
        In that order.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    positive: NDArray[np.bool_]

    def auroc(self, weight: NDArray[np.int64]) -> float:
        """Chance that a positive scores above a negative, ties counting one half (Hanley and McNeil 1982).

        Parameters
        ----------
        weight : ndarray of int64, shape (N,)
            How often each image counts, in the order of the scores given to `ranked`.

        Returns
        -------
        float
            0-1, or NaN where no positive or no negative counts.
        """
        ordered = weight[self.order]
        true = np.add.reduceat(ordered * self.positive, self.starts)
        false = np.add.reduceat(ordered, self.starts) - true
        pairs = int(true.sum()) * int(false.sum())
        wins = (true * (np.cumsum(false) - 0.5 * false)).sum()
        return float(wins) / pairs if pairs else float("nan")


def ranked(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Ranking:
    """Sort images by score; both arrays have shape (N,) with N at least 1."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    return Ranking(order, starts, positive[order])
