"""Ways to meet unequal class frequencies in training; a run uses exactly one."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import DatasetError
from neumo.core.findings import FINDINGS


class Balance(StrEnum):
    """How a run meets unequal class frequencies."""

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
        raise DatasetError(f"training part: no image of {missing}; all three classes are needed")
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
