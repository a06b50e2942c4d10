"""Every classification metric that neumo reports, from truth and probabilities, under any image weights.

Definitions are those of scikit-learn, and the tests check each metric against it. One difference: where a
finding has no image (or no weight), its metrics and every mean over findings are NaN instead of 0, because
nothing was measured.
"""

from types import MappingProxyType

import numpy as np

from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.metrics.weighted import (
    BoolArray,
    FloatArray,
    IntArray,
    ratio,
    weighted_auroc,
    weighted_average_precision,
    weighted_mean,
)
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.calibration import expected_calibration_error

OVERALL = (
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "macro_auroc",
    "auroc_normal_vs_pneumonia",
    "auroc_bacterial_vs_viral",
    "macro_average_precision",
    "log_loss",
    "brier",
    "expected_calibration_error",
)
"""Names of the metrics of all findings together, in the order in which they are shown."""

OF_CLASS = ("precision", "recall", "f1", "auroc", "average_precision")
"""Names of the metrics of one finding."""

OF_DECISION = ("sensitivity", "specificity", "ppv", "npv")
"""Names of the metrics of pneumonia called by a threshold."""

_MEANS = MappingProxyType(
    {
        "balanced_accuracy": "recall",
        "macro_precision": "precision",
        "macro_recall": "recall",
        "macro_f1": "f1",
        "macro_auroc": "auroc",
        "macro_average_precision": "average_precision",
    }
)


def class_key(name: str, finding: Finding) -> str:
    """Name of a metric of one finding in the result of `measure`, such as "recall_NORMAL"."""
    return f"{name}_{finding}"


def unit_weights(predictions: Predictions) -> FloatArray:
    """Weights that count every image once, shape (1, N): the point estimate."""
    return np.ones((1, len(predictions)))


def measure(predictions: Predictions, weights: FloatArray) -> dict[str, FloatArray]:
    """Compute every metric but those of a decision by threshold, for each row of weights.

    Parameters
    ----------
    predictions : Predictions
        N images.
    weights : ndarray of float64, shape (R, N)

    Returns
    -------
    dict of str to ndarray of float64, shape (R,)
        The names of `OVERALL`, then `class_key(name, finding)` for the names of `OF_CLASS`. All lie in 0-1
        except log_loss (0 and up, natural logarithm) and brier (sum over findings, 0-2).
    """
    by_class = class_metrics(predictions, weights)
    means = {name: by_class[source].mean(axis=1) for name, source in _MEANS.items()}
    overall = means | _rank_metrics(predictions, weights) | _probability_metrics(predictions, weights)
    overall["accuracy"] = weighted_mean(
        (predictions.decisions == predictions.truth).astype(np.float64), weights
    )
    flat = {
        class_key(name, finding): by_class[name][:, finding.index]
        for name in OF_CLASS
        for finding in FINDINGS
    }
    return {name: overall[name] for name in OVERALL} | flat


def confusion_counts(truth: IntArray, decisions: IntArray, weights: FloatArray) -> FloatArray:
    """Weight of each truth (rows) and decision (columns), shape (R, 3, 3), in the order of FINDINGS."""
    count = len(FINDINGS)
    cells = np.eye(count * count)[truth * count + decisions]
    counts: FloatArray = (weights @ cells).reshape(-1, count, count)
    return counts


def confusion_matrix(predictions: Predictions) -> IntArray:
    """Images by truth (rows) and decision (columns), shape (3, 3), in the order of FINDINGS."""
    counts = confusion_counts(predictions.truth, predictions.decisions, unit_weights(predictions))
    images: IntArray = np.rint(counts[0]).astype(np.int64)
    return images


def class_metrics(predictions: Predictions, weights: FloatArray) -> dict[str, FloatArray]:
    """Metrics of each finding against the other two.

    Returns
    -------
    dict of str to ndarray of float64, shape (R, 3)
        The names of `OF_CLASS`; columns in the order of FINDINGS. Precision is 0 where a finding was never
        decided.
    """
    counts = confusion_counts(predictions.truth, predictions.decisions, weights)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    actual, decided = counts.sum(axis=2), counts.sum(axis=1)
    precision = np.divide(hits, decided, out=np.zeros_like(decided), where=decided > 0)
    ranks = [(predictions.truth == i, predictions.probabilities[:, i]) for i in range(len(FINDINGS))]
    return {
        "precision": np.where(actual > 0, precision, np.nan),
        "recall": ratio(hits, actual),
        "f1": np.where(actual > 0, ratio(2 * hits, actual + decided), np.nan),
        "auroc": np.stack([weighted_auroc(*rank, weights) for rank in ranks], axis=1),
        "average_precision": np.stack([weighted_average_precision(*rank, weights) for rank in ranks], axis=1),
    }


def decision_metrics(
    predictions: Predictions, threshold: float, weights: FloatArray
) -> dict[str, FloatArray]:
    """Sensitivity, specificity, PPV and NPV of pneumonia where its probability is at least `threshold`.

    Returns
    -------
    dict of str to ndarray of float64, shape (R,)
        The names of `OF_DECISION`, in 0-1; NaN where no image qualifies.
    """
    sick, called = sick_and_called(predictions, threshold)
    right = (sick == called).astype(np.float64)
    groups = {"sensitivity": sick, "specificity": ~sick, "ppv": called, "npv": ~called}
    return {name: weighted_mean(right, weights * group) for name, group in groups.items()}


def sick_and_called(predictions: Predictions, threshold: float) -> tuple[BoolArray, BoolArray]:
    """Return masks of the images with pneumonia, and of those called so at `threshold`; each of shape (N,)."""
    return predictions.truth != Finding.NORMAL.index, predictions.pneumonia >= threshold


def bacterial_share(probabilities: FloatArray) -> FloatArray:
    """Probability of bacterial given pneumonia, shape (N,); one half where pneumonia has no probability."""
    bacterial = probabilities[:, Finding.BACTERIAL_PNEUMONIA.index]
    both = bacterial + probabilities[:, Finding.VIRAL_PNEUMONIA.index]
    share: FloatArray = np.divide(bacterial, both, out=np.full(both.shape, 0.5), where=both > 0)
    return share


def _rank_metrics(predictions: Predictions, weights: FloatArray) -> dict[str, FloatArray]:
    truth = predictions.truth
    sick = truth != Finding.NORMAL.index
    bacterial = truth == Finding.BACTERIAL_PNEUMONIA.index
    share = bacterial_share(predictions.probabilities)
    return {
        "auroc_normal_vs_pneumonia": weighted_auroc(sick, predictions.pneumonia, weights),
        "auroc_bacterial_vs_viral": weighted_auroc(bacterial, share, weights * sick),
    }


def _probability_metrics(predictions: Predictions, weights: FloatArray) -> dict[str, FloatArray]:
    truth, probabilities = predictions.truth, predictions.probabilities
    of_truth = np.take_along_axis(probabilities, truth[:, np.newaxis], axis=1)[:, 0]
    # The floor keeps one certain mistake from making the whole loss infinite; scikit-learn takes the same.
    surprise = -np.log(np.maximum(of_truth, np.finfo(np.float64).eps))
    squared = ((probabilities - np.eye(len(FINDINGS))[truth]) ** 2).sum(axis=1)
    return {
        "log_loss": weighted_mean(surprise, weights),
        "brier": weighted_mean(squared, weights),
        "expected_calibration_error": expected_calibration_error(truth, probabilities, weights),
    }
