"""Metrics of one set of images under many sets of image weights at once.

A bootstrap resample of patients is a row of weights (how often each image was drawn), so one pass over a
matrix of weights measures many resamples. With weights of one, each function equals its scikit-learn
counterpart.

In every function `weights` has shape (R, N), not negative, and the result shape (R,) is NaN in rows where the
metric is undefined.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide element by element; NaN where the denominator is 0 (nothing to measure)."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    undefined = np.full(numerator.shape, np.nan)
    quotient: FloatArray = np.divide(numerator, denominator, out=undefined, where=denominator > 0)
    return quotient


def weighted_mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean of `values`, shape (N,), under each row of weights."""
    return ratio(weights @ values, weights.sum(axis=1))


def weighted_auroc(positive: BoolArray, scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting one half.

    Parameters
    ----------
    positive : ndarray of bool, shape (N,)
    scores : ndarray of float64, shape (N,)
        Higher means more likely positive.
    weights : ndarray of float64, shape (R, N)

    Returns
    -------
    ndarray of float64, shape (R,)
        In 0-1; NaN where no positive or no negative has weight.

    Notes
    -----
    Hanley and McNeil, Radiology 1982: the area equals the Mann-Whitney statistic.
    """
    true, false = _by_rising_score(positive, scores, weights)
    false_below = np.cumsum(false, axis=1) - false
    wins = (true * (false_below + 0.5 * false)).sum(axis=1)
    return ratio(wins, true.sum(axis=1) * false.sum(axis=1))


def weighted_average_precision(positive: BoolArray, scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Average precision: the precision at each threshold, weighted by the recall gained there.

    Parameters and result as in `weighted_auroc`; NaN where no positive has weight.
    """
    true, false = (counts[:, ::-1] for counts in _by_rising_score(positive, scores, weights))
    hits = np.cumsum(true, axis=1)
    called = hits + np.cumsum(false, axis=1)
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    return ratio((precision * true).sum(axis=1), true.sum(axis=1))


def _by_rising_score(
    positive: BoolArray, scores: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight of positives and of negatives at each distinct score, each of shape (R, distinct scores)."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    ordered = weights[:, order]
    true = np.add.reduceat(ordered * positive[order], starts, axis=1)
    return true, np.add.reduceat(ordered, starts, axis=1) - true
