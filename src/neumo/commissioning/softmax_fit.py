"""Maximum a posteriori fits of what a site may change of a network's answer: scale, bias and last layer.

Answers are softmax(scale * u + A f + c), with u the logits as the bundle calibrates them and f what a last layer takes.
Gaussian priors are centred at the bundle (scale 1, A = 0, c = 0), so that a small site stays near it by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from neumo.core.labels import ALLOWED
from neumo.evaluation.metrics.weighted import FloatArray, IntArray
from neumo.inference.posterior import calibrated

SCALE_DEVIATION = 0.5
"""Prior standard deviation of the scale's logarithm."""
BIAS_DEVIATION = 2.0
"""Prior standard deviation of each bias: a site's prevalence may differ a lot."""
GROUP_SIZE = 6.0
"""Root mean square length that each group of features is brought to: that of the shipped network's own."""
_CURVATURE = 0.2
"""Curvature of an image's log loss along its logit, roughly p (1 - p)."""
_FLOOR = 1e-12


@dataclass(frozen=True)
class Fit:
    """Parameters of a site's answer.

    Attributes
    ----------
    scale : float
        Of the calibrated logits; above 0.
    bias : ndarray of float64, shape (3,)
    weights : ndarray of float64, shape (3, R), or None
        On the features, in whatever basis they were given; None where the last layer stays.
    """

    scale: float
    bias: FloatArray
    weights: FloatArray | None = None

    def logits(self, base: FloatArray, features: FloatArray) -> FloatArray:
        """Return logits (N, 3), of temperature 1, from calibrated ones (N, 3) and features (N, R)."""
        found: FloatArray = self.scale * base + self.bias
        return found if self.weights is None else found + features @ self.weights.T

    def probabilities(self, base: FloatArray, features: FloatArray) -> FloatArray:
        """Return probabilities (N, 3)."""
        return calibrated(self.logits(base, features), 1.0)


UNCHANGED = Fit(1.0, np.zeros(3))
"""The bundle as it is."""


def fit(
    base: FloatArray,
    codes: IntArray,
    features: FloatArray | None = None,
    ridge: float = 1.0,
    start: Fit = UNCHANGED,
) -> Fit:
    """Fit a multinomial logistic recalibration: scale and bias of base logits, and ridge-penalised feature weights.

    Parameters
    ----------
    base : ndarray of float64, shape (N, 3)
        Logits over the bundle's temperature.
    codes : ndarray of int64, shape (N,)
        Labels, as positions in `neumo.core.labels.LABELS`, that allow a finding; the loss of a partial one is that of
        the summed probability of the findings that it allows.
    features : ndarray of float64, shape (N, R), optional
    ridge : float
        Precision of the prior on each weight; above 0.
    start : Fit
        Where the search begins; its weights are those of the same basis.
    """
    allowed = ALLOWED[codes].astype(np.float64)
    columns = 0 if features is None else features.shape[1]
    x = np.zeros((len(base), 0)) if features is None else features
    # In these units the curvature is about the same along every coordinate of a basis: the search is short.
    units = np.sqrt(ridge + _CURVATURE * (x**2).sum(axis=0))
    x = x / units
    pull = ridge / units**2

    def loss(vector: FloatArray) -> tuple[float, FloatArray]:
        log_scale, bias, weights = vector[0], vector[1:4], vector[4:].reshape(3, columns)
        scale = np.exp(log_scale)
        chances = calibrated(scale * base + bias + x @ weights.T, 1.0)
        joint = chances * allowed
        total = np.maximum(joint.sum(axis=1, keepdims=True), _FLOOR)
        error = chances - joint / total
        value = (
            -np.log(total).sum()
            + (log_scale / SCALE_DEVIATION) ** 2 / 2
            + (bias @ bias) / (2 * BIAS_DEVIATION**2)
            + (pull * weights**2).sum() / 2
        )
        slope = np.concatenate(
            [
                [(error * base).sum() * scale + log_scale / SCALE_DEVIATION**2],
                error.sum(axis=0) + bias / BIAS_DEVIATION**2,
                (error.T @ x + pull * weights).ravel(),
            ]
        )
        return float(value), slope

    weights = np.zeros((3, columns)) if start.weights is None else start.weights * units
    first = np.concatenate([[np.log(start.scale)], start.bias, weights.ravel() if columns else []])
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-6}).x
    new = None if features is None else found[4:].reshape(3, columns) / units
    return Fit(float(np.exp(found[0])), found[1:4], new)


def log_losses(codes: IntArray, probabilities: FloatArray) -> FloatArray:
    """Return the log loss of each image, shape (N,): of the summed probability of what its label allows."""
    held = (probabilities * ALLOWED[codes]).sum(axis=1)
    losses: FloatArray = -np.log(np.maximum(held, _FLOOR))
    return losses


@dataclass(frozen=True)
class Basis:
    """An orthonormal basis of what some features span: a ridge fit in it is the same, and quicker.

    Attributes
    ----------
    mean, scale : ndarray of float64, shape (F,)
        Coordinates are those of (features - mean) * scale.
    vectors : ndarray of float64, shape (F, R)
    """

    mean: FloatArray
    scale: FloatArray
    vectors: FloatArray

    def coordinates(self, features: NDArray[np.floating]) -> FloatArray:
        """Return coordinates (N, R) of features (N, F)."""
        found: FloatArray = ((features.astype(np.float64) - self.mean) * self.scale) @ self.vectors
        return found

    def raw(self, fitted: Fit) -> tuple[FloatArray, FloatArray]:
        """Return the weights (3, F) on features as they are, and the bias (3,), of a fit to coordinates."""
        if fitted.weights is None:
            return np.zeros((3, len(self.mean))), fitted.bias
        weights = (fitted.weights @ self.vectors.T) * self.scale
        return weights, fitted.bias - weights @ self.mean


def basis_of(features: NDArray[np.floating], widths: Sequence[int]) -> Basis:
    """Return the basis of features (N, F), whose groups of `widths` columns are brought to one size.

    Labels are not looked at, so that it may be made of images that are held out.
    """
    values = features.astype(np.float64)
    mean = values.mean(axis=0)
    values -= mean
    scale, start = np.ones(values.shape[1]), 0
    for width in widths:
        size = np.sqrt((values[:, start : start + width] ** 2).sum(axis=1).mean())
        scale[start : start + width] = GROUP_SIZE / max(size, 1e-9)
        start += width
    values *= scale
    # The principal components, by way of the smaller of the two products.
    if len(values) >= values.shape[1]:
        _, vectors = np.linalg.eigh(values.T @ values)
        return Basis(mean, scale, vectors)
    variances, left = np.linalg.eigh(values @ values.T)
    kept = variances > variances[-1] * 1e-10
    return Basis(mean, scale, values.T @ (left[:, kept] / np.sqrt(variances[kept])))
