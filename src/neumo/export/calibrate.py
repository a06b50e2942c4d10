"""Calibration of a bundle on held-out fold images, never on test: temperature, thresholds, prediction sets, gate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import OperatingPoint
from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.balance import Balance
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.calibration import expected_calibration_error
from neumo.evaluation.uncertainty.conformal import conformal_limits
from neumo.evaluation.uncertainty.temperature import fit_temperature, tempered
from neumo.export.held_out import HeldOut

COVERAGES = (0.90, 0.95)
ACCEPTED = 0.985
"""Share of held-out chest radiographs whose embedding the gate accepts."""
HIGH_SENSITIVITY, HIGH_SPECIFICITY = 0.99, 0.99
"""Stricter than the clinical goal of 0.95, because other images are harder than those of the folds."""


@dataclass(frozen=True)
class Decisions:
    """What was fitted.

    Attributes
    ----------
    temperature : float
    priors : dict of Finding to float
        Prevalence that the calibrated probabilities assume.
    operating_points : dict of str to OperatingPoint
    conformal : dict of float to dict of Finding to float
    gate_distance : float
    error_before, error_after : float
        Expected calibration error on the held-out images, weighted to the priors.
    """

    temperature: float
    priors: dict[Finding, float]
    operating_points: dict[str, OperatingPoint]
    conformal: dict[float, dict[Finding, float]]
    gate_distance: float
    error_before: float
    error_after: float


def decide(held_out: HeldOut, balance: Balance) -> Decisions:
    """Fit temperature, operating points, prediction sets and the gate's limit to held-out images.

    A network that was balanced in training speaks for equally frequent classes, so the images are weighted to
    that; otherwise the classes weigh as frequent as they are.
    """
    predictions = held_out.predictions
    counts = np.bincount(predictions.truth, minlength=len(FINDINGS))
    balanced = balance is not Balance.NONE
    weights = (
        (counts.sum() / (len(FINDINGS) * counts))[predictions.truth]
        if balanced
        else np.ones(len(predictions))
    )
    shares = np.full(len(FINDINGS), 1 / len(FINDINGS)) if balanced else counts / counts.sum()
    temperature = fit_temperature(predictions.truth, predictions.probabilities, weights)
    calibrated = tempered(predictions.probabilities, temperature)
    return Decisions(
        temperature=temperature,
        priors={finding: float(shares[finding.index]) for finding in FINDINGS},
        operating_points=_operating_points(predictions.truth, calibrated),
        conformal={level: conformal_limits(predictions.truth, calibrated, level) for level in COVERAGES},
        gate_distance=float(np.quantile(held_out.distances, ACCEPTED)),
        error_before=_calibration_error(predictions, predictions.probabilities, weights),
        error_after=_calibration_error(predictions, calibrated, weights),
    )


def calibrated_predictions(predictions: Predictions, temperature: float) -> Predictions:
    """Return predictions with their probabilities tempered."""
    return Predictions(
        paths=predictions.paths,
        patients=predictions.patients,
        truth=predictions.truth,
        probabilities=tempered(predictions.probabilities, temperature),
        attributes=predictions.attributes,
        synthetic=predictions.synthetic,
    )


def _operating_points(
    truth: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> dict[str, OperatingPoint]:
    scores = 1 - probabilities[:, Finding.NORMAL.index]
    sick, well = (
        np.sort(scores[truth != Finding.NORMAL.index]),
        np.sort(scores[truth == Finding.NORMAL.index]),
    )
    levels = np.unique(scores)
    # From calling every image to calling none, so that every rule has a threshold.
    thresholds = np.concatenate([[0.0], (levels[:-1] + levels[1:]) / 2, [(levels[-1] + 1) / 2]])
    sensitivity = 1 - np.searchsorted(sick, thresholds) / len(sick)
    specificity = np.searchsorted(well, thresholds) / len(well)

    def point(position: int, rule: str) -> OperatingPoint:
        return OperatingPoint(
            threshold=round(float(thresholds[position]), 6),
            sensitivity=float(sensitivity[position]),
            specificity=float(specificity[position]),
            rule=rule,
        )

    # Sensitivity falls and specificity rises with the threshold.
    sensitive = int(np.flatnonzero(sensitivity >= HIGH_SENSITIVITY)[-1])
    specific = int(np.flatnonzero(specificity >= HIGH_SPECIFICITY)[0])
    return {
        "balanced": point(int(np.argmax(sensitivity + specificity)), "largest sensitivity + specificity"),
        "high_sensitivity": point(sensitive, f"sensitivity >= {HIGH_SENSITIVITY}"),
        "high_specificity": point(specific, f"specificity >= {HIGH_SPECIFICITY}"),
    }


def _calibration_error(
    predictions: Predictions, probabilities: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    return float(expected_calibration_error(predictions.truth, probabilities, weights[np.newaxis])[0])
