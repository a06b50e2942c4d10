"""Temperature scaling: one number that calibrates the softmax."""

import numpy as np

from neumo.evaluation.metrics.weighted import FloatArray, IntArray

_STEPS = 60
_LOWEST, _HIGHEST = 0.05, 20.0


def fit_temperature(truth: IntArray, probabilities: FloatArray, weights: FloatArray | None = None) -> float:
    """Temperature with the least log loss (Guo et al., ICML 2017).

    Parameters
    ----------
    truth : ndarray of int64, shape (N,)
        Class indices of images that trained nothing.
    probabilities : ndarray of float64, shape (N, 3)
        Uncalibrated, of temperature 1.
    weights : ndarray of float64, shape (N,), optional
        Image weights; such that the classes weigh alike where the network was balanced in training.

    Returns
    -------
    float
        In 0.05-20; above 1 where the network is too sure of itself.
    """
    # The log loss has one minimum in 1 / temperature, so a golden-section search finds it.
    ratio = (5**0.5 - 1) / 2
    low, high = np.log(_LOWEST), np.log(_HIGHEST)
    for _ in range(_STEPS):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        losses = [_log_loss(truth, tempered(probabilities, np.exp(t)), weights) for t in (first, second)]
        low, high = (low, second) if losses[0] < losses[1] else (first, high)
    return float(np.exp((low + high) / 2))


def tempered(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Probabilities (N, 3) after dividing their logits by `temperature`."""
    logits = np.log(np.maximum(probabilities, 1e-300)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _log_loss(truth: IntArray, probabilities: FloatArray, weights: FloatArray | None) -> float:
    losses = -np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-300))
    return float(np.average(losses, weights=weights))
