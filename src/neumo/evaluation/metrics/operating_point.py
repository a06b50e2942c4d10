"""Operating points: a threshold chosen for a clinical need, on validation images only."""

from dataclasses import dataclass

import numpy as np

from neumo.core.errors import EvaluationError
from neumo.core.findings import Finding
from neumo.core.message import Message
from neumo.evaluation.metrics.classification import OF_DECISION
from neumo.evaluation.metrics.weighted import FloatArray, ratio
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.values import OperatingPoint

DEFAULT_OPERATING_POINT = OperatingPoint(threshold=0.5, rule="default", target=None, chosen_on="default")
"""Pneumonia is called where it is at least as probable as normal."""


@dataclass(frozen=True)
class TradeOff:
    """Metrics at each threshold; arrays of shape (T,), in 0-1, NaN where undefined."""

    thresholds: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray
    ppv: FloatArray
    npv: FloatArray


def choose_for_sensitivity(validation: Predictions, target: float) -> OperatingPoint:
    """Choose the largest threshold at which validation images with pneumonia are found often enough.

    Parameters
    ----------
    validation : Predictions
        Images that neither train nor test anything.
    target : float
        Wanted sensitivity, above 0 and at most 1.

    Returns
    -------
    OperatingPoint
        With rule "target-sensitivity".

    Raises
    ------
    EvaluationError
        `target` is out of bounds, or no validation image shows pneumonia.
    """
    if not 0.0 < target <= 1.0:
        raise EvaluationError(
            "target sensitivity: {target} is out of bounds; use a number above 0 and at most 1, such as 0.95",
            target=target,
        )
    sick = np.sort(_scores(validation, sick=True))[::-1]
    shares_found = np.arange(1, sick.size + 1) / sick.size
    threshold = sick[np.argmax(shares_found >= target)]
    return OperatingPoint(float(threshold), rule="target-sensitivity", target=target, chosen_on="validation")


def choose_for_cost(validation: Predictions, cost_ratio: float) -> OperatingPoint:
    """Choose the threshold with the least cost on validation images: cost_ratio · missed + false alarms.

    Parameters
    ----------
    validation : Predictions
        Images that neither train nor test anything.
    cost_ratio : float
        How many false alarms one missed pneumonia is worth; above 0.

    Returns
    -------
    OperatingPoint
        With rule "cost-ratio". The threshold lies midway between two neighbouring probabilities of the
        validation images; of thresholds that cost the same, the lowest, which misses the fewest.

    Raises
    ------
    EvaluationError
        `cost_ratio` is out of bounds, or the validation images lack pneumonia or lack normals.
    """
    if not (np.isfinite(cost_ratio) and cost_ratio > 0.0):
        raise EvaluationError(
            "cost ratio: {cost_ratio} is out of bounds; use a finite number above 0, such as 5",
            cost_ratio=cost_ratio,
        )
    sick, well = np.sort(_scores(validation, sick=True)), np.sort(_scores(validation, sick=False))
    thresholds = _midpoints(np.unique(np.concatenate([sick, well])))
    missed = np.searchsorted(sick, thresholds, side="left")
    false_alarms = well.size - np.searchsorted(well, thresholds, side="left")
    threshold = thresholds[np.argmin(cost_ratio * missed + false_alarms)]
    return OperatingPoint(float(threshold), rule="cost-ratio", target=cost_ratio, chosen_on="validation")


def trade_off(predictions: Predictions, thresholds: FloatArray) -> TradeOff:
    """Sensitivity, specificity, PPV and NPV of pneumonia at each threshold.

    Parameters
    ----------
    predictions : Predictions
    thresholds : ndarray of float64, shape (T,)
        In 0-1; pneumonia is flagged at this probability or above.

    Raises
    ------
    EvaluationError
        There is no threshold, or one lies outside 0-1.
    """
    if thresholds.size == 0 or not ((thresholds >= 0.0) & (thresholds <= 1.0)).all():
        raise EvaluationError(
            "thresholds: {thresholds} must be one or more numbers from 0 to 1", thresholds=thresholds.tolist()
        )
    sick = predictions.truth != Finding.NORMAL.index
    called = predictions.pneumonia[np.newaxis, :] >= thresholds[:, np.newaxis]
    found = (called & sick).sum(axis=1).astype(np.float64)
    cleared = (~called & ~sick).sum(axis=1).astype(np.float64)
    all_called = called.sum(axis=1).astype(np.float64)
    rates = (
        ratio(found, np.array(sick.sum(), dtype=np.float64)),
        ratio(cleared, np.array((~sick).sum(), dtype=np.float64)),
        ratio(found, all_called),
        ratio(cleared, len(predictions) - all_called),
    )
    return TradeOff(thresholds=thresholds, **dict(zip(OF_DECISION, rates, strict=True)))


def _scores(validation: Predictions, *, sick: bool) -> FloatArray:
    chosen = (validation.truth != Finding.NORMAL.index) == sick
    if not chosen.any():
        lacking = Message("with pneumonia") if sick else Message("without pneumonia")
        raise EvaluationError(
            "validation: none of its {images} images is {lacking}, so no operating point can be "
            "chosen; use a split whose validation part holds both",
            images=len(validation),
            lacking=lacking,
        )
    scores: FloatArray = validation.pneumonia[chosen]
    return scores


def _midpoints(levels: FloatArray) -> FloatArray:
    """Thresholds that tell all levels apart, from calling every image (0) to calling none."""
    between = (levels[:-1] + levels[1:]) / 2
    above = [(levels[-1] + 1.0) / 2] if levels[-1] < 1.0 else []
    return np.concatenate([[0.0], between, above])
