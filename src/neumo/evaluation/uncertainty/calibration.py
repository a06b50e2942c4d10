"""Calibration of the top label, and of one outcome's probability: reliability bins and expected calibration error."""

from dataclasses import dataclass

import numpy as np

from neumo.core.errors import EvaluationError
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray, ratio

DEFAULT_BINS = 15
"""As in Guo et al., "On Calibration of Modern Neural Networks", ICML 2017."""


@dataclass(frozen=True)
class ReliabilityBin:
    """Images whose confidence lies in (low, high].

    Attributes
    ----------
    low, high : float
        Bounds of the bin, in 0-1.
    confidence : float
        Mean probability of the decided finding, in 0-1; NaN in an empty bin.
    accuracy : float
        Share of right decisions, in 0-1; NaN in an empty bin.
    count : int
        Number of images.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


def reliability_bins(
    truth: IntArray, probabilities: FloatArray, *, bins: int = DEFAULT_BINS, equal_mass: bool = False
) -> tuple[ReliabilityBin, ...]:
    """Bins of a reliability diagram, from low to high confidence, empty ones included.

    Parameters
    ----------
    truth : ndarray of int64, shape (N,)
    probabilities : ndarray of float64, shape (N, 3)
    bins : int
        Number of bins; equal masses may give fewer, because equal confidences stay together.
    equal_mass : bool
        True for bins that hold about equally many images (Nixon et al., CVPR Workshops 2019), which leaves no
        bin to be decided by two or three images; False for bins of equal width (Guo et al. 2017).

    Raises
    ------
    EvaluationError
        `bins` is below 1.
    """
    confidence, correct = _top_label(truth, probabilities)
    edges = _edges(confidence, bins, equal_mass)
    bin_of_image = _bin_indices(confidence, edges)
    return tuple(
        _reliability_bin(edges[i], edges[i + 1], confidence[inside], correct[inside])
        for i in range(len(edges) - 1)
        for inside in [bin_of_image == i]
    )


def expected_calibration_error(
    truth: IntArray,
    probabilities: FloatArray,
    weights: FloatArray | None = None,
    *,
    bins: int = DEFAULT_BINS,
    equal_mass: bool = False,
) -> FloatArray:
    """Mean distance between confidence and accuracy over the bins, weighted by their images.

    Parameters
    ----------
    truth : ndarray of int64, shape (N,)
    probabilities : ndarray of float64, shape (N, 3)
    weights : ndarray of float64, shape (R, N), optional
        Image weights of R resamples; all ones (R = 1) when left out.
    bins, equal_mass
        As in `reliability_bins`. Bin bounds are those of the unweighted images.

    Returns
    -------
    ndarray of float64, shape (R,)
        In 0-1, 0 is best.

    Raises
    ------
    EvaluationError
        `bins` is below 1.
    """
    confidence, correct = _top_label(truth, probabilities)
    if weights is None:
        weights = np.ones((1, len(truth)))
    edges = _edges(confidence, bins, equal_mass)
    membership = np.eye(len(edges) - 1)[_bin_indices(confidence, edges)]
    distance_by_bin = np.abs(weights @ (membership * (correct - confidence)[:, np.newaxis]))
    return ratio(distance_by_bin.sum(axis=1), weights.sum(axis=1))


def probability_calibration_error(
    positive: BoolArray, probability: FloatArray, weights: FloatArray, *, bins: int = DEFAULT_BINS
) -> FloatArray:
    """Mean distance between the probability of an outcome and its share, over bins of equal width.

    Parameters
    ----------
    positive : ndarray of bool, shape (N,)
        Where the outcome is there.
    probability : ndarray of float64, shape (N,)
        Stated of the outcome, in 0-1.
    weights : ndarray of float64, shape (R, N)

    Returns
    -------
    ndarray of float64, shape (R,)
        In 0-1, 0 is best. Unlike `expected_calibration_error` it sees whether pneumonia is called too often.

    Raises
    ------
    EvaluationError
        `bins` is below 1.
    """
    edges = _edges(probability, bins, equal_mass=False)
    membership = np.eye(bins)[_bin_indices(probability, edges)]
    distance_by_bin = np.abs(weights @ (membership * (positive - probability)[:, np.newaxis]))
    return ratio(distance_by_bin.sum(axis=1), weights.sum(axis=1))


def _top_label(truth: IntArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(np.float64)


def _edges(confidence: FloatArray, bins: int, equal_mass: bool) -> FloatArray:
    if bins < 1:
        raise EvaluationError("bins: {bins} bins cannot hold any image; use 1 or more", bins=bins)
    equal_widths = np.linspace(0.0, 1.0, bins + 1)
    if not equal_mass:
        return equal_widths
    inner = np.quantile(confidence, equal_widths[1:-1], method="lower")
    return np.unique(np.concatenate([[0.0], inner, [1.0]]))


def _bin_indices(confidence: FloatArray, edges: FloatArray) -> IntArray:
    return np.digitize(confidence, edges[1:-1], right=True).astype(np.int64)


def _reliability_bin(low: float, high: float, confidence: FloatArray, correct: FloatArray) -> ReliabilityBin:
    filled = confidence.size > 0
    return ReliabilityBin(
        low=float(low),
        high=float(high),
        confidence=float(confidence.mean()) if filled else float("nan"),
        accuracy=float(correct.mean()) if filled else float("nan"),
        count=int(confidence.size),
    )
