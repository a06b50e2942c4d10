"""Corrections for unequal class frequencies in training (a run uses exactly one), and balanced sampling of sources."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import DatasetError
from neumo.core.findings import FINDINGS
from neumo.core.labels import ALLOWED

MIN_FREQUENCY = 1e-4
"""Frequency that a class without images in a source is taken for."""


class Balance(StrEnum):
    """Correction for unequal class frequencies."""

    NONE = "none"
    UNDERSAMPLE = "undersample"
    OVERSAMPLE = "oversample"
    CLASS_WEIGHTS = "class_weights"
    LOGIT_ADJUSTMENT = "logit_adjustment"


def class_counts(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Images per finding, shape (3,). Raises DatasetError where a class has none."""
    counts = np.bincount(labels, minlength=len(FINDINGS))
    if (counts == 0).any():
        missing = ", ".join(FINDINGS[i] for i in np.flatnonzero(counts == 0))
        raise DatasetError(
            "training part: no image of {missing}; all three classes are needed", missing=missing
        )
    return counts


def resampled(labels: NDArray[np.int64], balance: Balance, seed: int) -> NDArray[np.int64]:
    """Positions to train on, sorted: all of them, a draw of the rarest class's size, or repeats up to the largest.

    Parameters
    ----------
    labels : ndarray of int64, shape (N,)
        Class indices.
    balance : Balance
        Only UNDERSAMPLE and OVERSAMPLE change the choice.
    seed : int
        Seed of the draw.
    """
    counts = class_counts(labels)
    if balance not in (Balance.UNDERSAMPLE, Balance.OVERSAMPLE):
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    wanted = int(counts.min() if balance is Balance.UNDERSAMPLE else counts.max())
    chosen = [_draw(np.flatnonzero(labels == c), wanted, rng) for c in range(len(FINDINGS))]
    return np.sort(np.concatenate(chosen))


def _draw(members: NDArray[np.int64], wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    whole, rest = divmod(wanted, len(members))
    return np.concatenate([np.repeat(members, whole), rng.choice(members, size=rest, replace=False)])


def class_weights(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Weights inversely proportional to frequency, averaging 1 over the images, shape (3,)."""
    counts = class_counts(labels)
    weights: NDArray[np.float32] = (len(labels) / (len(FINDINGS) * counts)).astype(np.float32)
    return weights


def log_priors(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Natural logarithm of the class frequencies, shape (3,).

    Added to the logits in the training loss only (Menon et al., ICLR 2021: logit-adjusted softmax
    cross-entropy), so that the bare logits aim at the balanced error.
    """
    counts = class_counts(labels)
    logarithms: NDArray[np.float32] = np.log(counts / counts.sum()).astype(np.float32)
    return logarithms


class Sampling(StrEnum):
    """Draws of each training image in an epoch."""

    ONCE = "once"
    """Every image once."""
    LABEL_VIEW = "label_view"
    """Each pair of a label and a view equally often within a source, so that the view does not tell the label."""
    SOURCE_LABEL_VIEW = "source_label_view"
    """The same, and every source equally often."""


@dataclass(frozen=True)
class Draws:
    """Images of an epoch.

    Attributes
    ----------
    cells : ndarray of int64, shape (N,)
        Cell (source, label and view) of each training image.
    counts : ndarray of int64, shape (C,)
        Draws from each cell in one epoch.
    """

    cells: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Average draws of each image in an epoch, shape (N,)."""
        weights: NDArray[np.float64] = (self.counts / np.bincount(self.cells))[self.cells]
        return weights

    def epoch(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Positions of one epoch in random order: an image is repeated once more or less often than its neighbours."""
        drawn = [
            _draw(np.flatnonzero(self.cells == cell), int(count), rng)
            for cell, count in enumerate(self.counts)
        ]
        return rng.permutation(np.concatenate(drawn))


def balanced_draws(
    labels: NDArray[np.int64],
    sources: NDArray[np.int64],
    views: NDArray[np.int64],
    sampling: Sampling,
    max_repeats: float,
) -> Draws | None:
    """Draws of every cell of source, label and view; None where every image is drawn once.

    Where source, label and view go together, a network tells the hospital and sorts pneumonia by it (Zech et al.,
    PLoS Medicine 2018). No image is drawn more than `max_repeats` times an epoch on average; cells that would need
    more stay rarer.

    Parameters
    ----------
    labels, sources, views : ndarray of int64, shape (N,)
        Codes of the training images.
    """
    if sampling is Sampling.ONCE:
        return None
    keys, cells, sizes = np.unique(
        np.stack([sources, labels, views], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    present, per_source = np.unique(sources, return_counts=True)
    images = dict(zip(present.tolist(), per_source.tolist(), strict=True))
    if sampling is Sampling.SOURCE_LABEL_VIEW:
        images = dict.fromkeys(images, len(labels) / len(images))
    in_source = np.array([np.sum(keys[:, 0] == source) for source in keys[:, 0]])
    wanted = np.array([images[source] for source in keys[:, 0].tolist()]) / in_source
    counts = np.rint(np.minimum(wanted, max_repeats * sizes)).astype(np.int64)
    return Draws(cells.reshape(-1).astype(np.int64), counts)


def log_priors_by_source(
    labels: NDArray[np.int64], sources: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Natural logarithm of the class frequencies in each source as it is sampled, shape (S, 3).

    As `log_priors`, for each source by itself, so that a source's own frequencies teach nothing. A partial label counts
    for the findings that it allows, in equal parts: no evidence tells them apart.

    Parameters
    ----------
    labels, sources : ndarray of int64, shape (N,)
        Codes of the training images; sources count from 0.
    weights : ndarray of float64, shape (N,)
        Draws of each image in an epoch.
    """
    allowed = ALLOWED[labels].astype(np.float64)
    shares = allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1) * weights[:, None]
    counts = np.stack([shares[sources == source].sum(axis=0) for source in range(int(sources.max()) + 1)])
    frequencies = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    logarithms: NDArray[np.float32] = np.log(np.maximum(frequencies, MIN_FREQUENCY)).astype(np.float32)
    return logarithms
