"""Temperature scaling: one number that calibrates the softmax."""

import numpy as np
from scipy.optimize import minimize_scalar

from neumo.core.labels import ALLOWED
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray
from neumo.inference.posterior import calibrated

_FLOOR = 1e-300
"""Lower bound of probabilities, so that their logarithm is finite."""
LOWEST, HIGHEST = 0.05, 20.0
"""Bounds of the fitted temperature. Without them it tends to 0 on images that are all classified correctly."""


def fit_temperature(codes: IntArray, probabilities: FloatArray, weights: FloatArray | None = None) -> float:
    """Temperature with the least log loss (Guo et al., ICML 2017).

    Parameters
    ----------
    codes : ndarray of int64, shape (N,)
        Labels of images that trained nothing, as positions in `neumo.core.labels.LABELS`; of a partial label the loss
        is that of the summed probability of the findings that it allows, and it must allow one.
    probabilities : ndarray of float64, shape (N, 3)
        Uncalibrated, of temperature 1.
    weights : ndarray of float64, shape (N,), optional
        Image weights; such that the classes weigh alike where the network was balanced in training.

    Returns
    -------
    float
        In 0.05-20; above 1 where the network is too sure of itself.
    """
    # The log loss has one minimum in 1 / temperature.
    found = minimize_scalar(
        lambda logarithm: _log_loss(ALLOWED[codes], tempered(probabilities, np.exp(logarithm)), weights),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.exp(found.x))


def tempered(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Apply temperature scaling to probabilities of shape (N, 3): softmax(log(p) / temperature)."""
    return calibrated(np.log(np.maximum(probabilities, _FLOOR)), temperature)


def _log_loss(allowed: BoolArray, probabilities: FloatArray, weights: FloatArray | None) -> float:
    """Weighted mean negative log-likelihood of labels that may be partial.

    Parameters
    ----------
    allowed : ndarray of bool, shape (N, 3)
        Findings that each image's label allows.
    probabilities : ndarray of float64, shape (N, 3)
    weights : ndarray of float64, shape (N,), optional
    """
    losses = -np.log(np.maximum((probabilities * allowed).sum(axis=1), _FLOOR))
    return float(np.average(losses, weights=weights))
