"""Fits a bundle's gate to embeddings of training images and of parts cut out of them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from neumo.bundle.gate_statistics import GateStatistics

Floats = NDArray[np.float32]

_RARE = 0.002
"""Share of whole training images that lie as far toward the parts as the farthest 1.5 % lie from the mean."""
_FAR = 0.985
_PENALTY = 0.01
"""Inverse strength of the classifier's L2 penalty on standardised coordinates."""


def fit_gate_statistics(
    embeddings: Floats, components: int = 256, *, parts: Floats | None = None
) -> GateStatistics:
    """Fit to training embeddings of shape (N, D); at most N / 4 and D components are kept.

    `parts`, shape (M, D), are embeddings of parts that were cut out of training images; a classifier learns to tell
    them from the whole ones, and its log odds are scaled to distances: 0 at the whole images' median, and where only
    0.2 % of them lie, the distance beyond which 1.5 % of them lie.
    """
    components = max(1, min(components, len(embeddings) // 4, embeddings.shape[1] - 1))
    mean = embeddings.mean(axis=0)
    centred = (embeddings - mean).astype(np.float64)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    variances = singular**2 / len(embeddings)
    statistics = GateStatistics(
        mean=mean.astype(np.float32),
        components=directions[:components].astype(np.float32),
        # Features that never fire have no variance; the floor keeps distances finite.
        deviations=np.sqrt(np.maximum(variances[:components], 1e-8)).astype(np.float32),
        residual=float(np.sqrt(max(variances[components:].sum(), 1e-8))),
    )
    return statistics if parts is None else _with_parts(statistics, embeddings, parts)


def _with_parts(statistics: GateStatistics, whole: Floats, parts: Floats) -> GateStatistics:
    coordinates = [statistics.standardised(embeddings) for embeddings in (whole, parts)]
    classifier = LogisticRegression(C=_PENALTY, max_iter=1000).fit(
        np.concatenate(coordinates), np.repeat([False, True], [len(whole), len(parts)])
    )
    log_odds = classifier.decision_function(coordinates[0])
    median, rare = np.quantile(log_odds, [0.5, 1 - _RARE])
    unit = float(np.quantile(statistics.distance(whole), _FAR)) / max(rare - median, 1e-6)
    return replace(
        statistics,
        part_weights=(classifier.coef_[0] * unit).astype(np.float32),
        part_offset=float((classifier.intercept_[0] - median) * unit),
    )
