"""Fits a bundle's gate to embeddings of training images, as they are and damaged."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from neumo.bundle.gate_statistics import GateStatistics

Floats = NDArray[np.float32]

_PENALTY: Final = 0.01
"""Inverse strength of the classifier's L2 penalty on standardised coordinates."""


@dataclass(frozen=True)
class FittedGate:
    """Gate statistics and a logistic classifier of damage, before the limits of both are set.

    Attributes
    ----------
    statistics : GateStatistics
        Without damage.
    weights : ndarray of float64, shape (K,)
        Log odds of damage along the standardised coordinates.
    offset : float
        Log odds of the mean embedding.
    median : float
        Median log odds of the training images.
    """

    statistics: GateStatistics
    weights: NDArray[np.float64]
    offset: float
    median: float

    def distance(self, embeddings: Floats) -> Floats:
        """Distance of embeddings (N, D) from training, without damage, shape (N,)."""
        return self.statistics.distance(embeddings)

    def log_odds(self, embeddings: Floats) -> NDArray[np.float64]:
        """Log odds that images were damaged, from their embeddings (N, D), shape (N,)."""
        odds: NDArray[np.float64] = self.statistics.standardised(embeddings) @ self.weights + self.offset
        return odds

    def limited(self, distance: float, log_odds: float) -> GateStatistics:
        """Return statistics whose distance of damage is `distance` at the limit `log_odds`, and 0 at the median."""
        unit = self._unit(distance, log_odds)
        return replace(
            self.statistics,
            damage_weights=(self.weights * unit).astype(np.float32),
            damage_offset=(self.offset - self.median) * unit,
        )

    def larger(
        self, distances: Floats, log_odds: NDArray[np.float64], limits: tuple[float, float]
    ) -> NDArray[np.float32]:
        """Return the distances, shape (N,), that `limited(*limits)` gives images of known distance and log odds."""
        toward = (log_odds - self.median) * self._unit(*limits)
        larger: NDArray[np.float32] = np.maximum(distances, toward).astype(np.float32)
        return larger

    def _unit(self, distance: float, log_odds: float) -> float:
        return distance / max(log_odds - self.median, 1e-6)


def fit_gate(whole: Floats, damaged: Floats) -> FittedGate:
    """Fit to embeddings of training images, shape (N, D), and of damaged ones, shape (M, D)."""
    statistics = fit_gate_statistics(whole)
    coordinates = [statistics.standardised(embeddings) for embeddings in (whole, damaged)]
    classifier = LogisticRegression(C=_PENALTY, max_iter=1000).fit(
        np.concatenate(coordinates), np.repeat([False, True], [len(whole), len(damaged)])
    )
    median = float(np.median(classifier.decision_function(coordinates[0])))
    return FittedGate(statistics, classifier.coef_[0], float(classifier.intercept_[0]), median)


def fit_gate_statistics(embeddings: Floats, components: int = 256) -> GateStatistics:
    """Fit to training embeddings of shape (N, D); at most N / 4 and D components are kept."""
    components = max(1, min(components, len(embeddings) // 4, embeddings.shape[1] - 1))
    mean = embeddings.mean(axis=0)
    centred = (embeddings - mean).astype(np.float64)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    variances = singular**2 / len(embeddings)
    return GateStatistics(
        mean=mean.astype(np.float32),
        components=directions[:components].astype(np.float32),
        # Features that never fire have no variance; the floor keeps distances finite.
        deviations=np.sqrt(np.maximum(variances[:components], 1e-8)).astype(np.float32),
        residual=float(np.sqrt(max(variances[components:].sum(), 1e-8))),
    )
