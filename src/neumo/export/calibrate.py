"""Calibration of a bundle on held-out fold images, never on test: temperature, thresholds, prediction sets, gate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import OperatingPoint
from neumo.bundle.gate_statistics import ACCEPTED, UNDAMAGED
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import LABELS, Outcome
from neumo.datasets.balance import Balance
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.sources.operating_points import standard_points
from neumo.evaluation.sources.values import Images
from neumo.evaluation.uncertainty.calibration import expected_calibration_error
from neumo.evaluation.uncertainty.conformal import conformal_limits
from neumo.evaluation.uncertainty.temperature import fit_temperature, tempered
from neumo.export.held_out import HeldOut

COVERAGES = (0.90, 0.95)


@dataclass(frozen=True)
class Decisions:
    """Calibration of a bundle fitted on held-out folds.

    Attributes
    ----------
    temperature : float
    priors : dict of Finding to float
        Prevalence that the calibrated probabilities assume.
    operating_points : dict of str to OperatingPoint
        Their sensitivity and specificity are those of the source with the lowest.
    conformal : dict of float to dict of Outcome to float
    gate_distance : float
    gate_log_odds : float
        Of damage, from which the gate refuses.
    error_before, error_after : float
        Expected calibration error on the held-out images that are labelled with a finding, weighted.
    """

    temperature: float
    priors: dict[Finding, float]
    operating_points: dict[str, OperatingPoint]
    conformal: dict[float, dict[Outcome, float]]
    gate_distance: float
    gate_log_odds: float
    error_before: float
    error_after: float


def decide(held_out: HeldOut, balance: Balance) -> Decisions:
    """Fit temperature, operating points, prediction sets and the gate's limit to held-out images.

    A network that was balanced in training speaks for equally frequent classes, so the images are weighted to
    that, in each source by itself; otherwise the classes weigh as frequent as they are. What is decided must hold in
    every source: the widest limits are taken, and operating points by the source that is served worst.
    """
    images = held_out.labelled()
    balanced = balance is not Balance.NONE
    weights = weights_of(images, balance)
    counts = np.bincount(images.codes[images.codes < len(FINDINGS)], minlength=len(FINDINGS))
    shares = np.full(len(FINDINGS), 1 / len(FINDINGS)) if balanced else counts / counts.sum()
    temperature = fit_temperature(images.codes, images.probabilities, weights)
    calibrated = tempered(images.probabilities, temperature)
    return Decisions(
        temperature=temperature,
        priors={finding: float(shares[finding.index]) for finding in FINDINGS},
        operating_points=standard_points(images, calibrated),
        conformal={
            level: conformal_limits(images.codes, calibrated, level, images.sources) for level in COVERAGES
        },
        gate_distance=_widest(held_out.distances, held_out, ACCEPTED),
        gate_log_odds=_widest(held_out.log_odds, held_out, UNDAMAGED),
        error_before=_calibration_error(images, images.probabilities, weights),
        error_after=_calibration_error(images, calibrated, weights),
    )


def weights_of(images: Images, balance: Balance) -> FloatArray:
    """Image weights (N,), mean 1, with which every source counts alike.

    If the classes were balanced in training, every label within a source counts alike as well.
    """
    sources, weights = np.array(images.sources), np.zeros(len(images))
    for source in np.unique(sources):
        members = sources == source
        counts = np.bincount(images.codes[members], minlength=len(LABELS))
        present = np.flatnonzero(counts)
        each = (
            np.full(len(LABELS), 1 / members.sum())
            if balance is Balance.NONE
            else 1 / (len(present) * np.maximum(counts, 1))
        )
        weights[members] = each[images.codes[members]]
    scaled: FloatArray = weights * (len(images) / weights.sum())
    return scaled


def _widest(values: NDArray[np.floating], held_out: HeldOut, share: float) -> float:
    """Return the largest over sources of the quantile `share` of values (3, N) of held-out images."""
    sources = np.array(held_out.images.sources)
    return max(float(np.quantile(values[:, sources == source], share)) for source in np.unique(sources))


def _calibration_error(images: Images, probabilities: FloatArray, weights: FloatArray) -> float:
    complete = images.codes < len(FINDINGS)
    error = expected_calibration_error(
        images.codes[complete], probabilities[complete], weights[np.newaxis, complete]
    )
    return float(error[0])
