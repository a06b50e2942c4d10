"""Accuracy and refusals on corrupted radiographs: one cell for every kind and strength."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.evaluation.uncertainty.exact import clopper_pearson
from neumo.evaluation.values import Estimate, without_nan


@dataclass(frozen=True)
class Cell:
    """Images of one kind and strength of corruption.

    Attributes
    ----------
    kind : str
        A key of `neumo.evaluation.robustness.corruptions.CORRUPTIONS`, or "clean".
    strength : int
        1 to 5; 0 for clean images.
    images : int
    refused : float
        Share that was not read, in 0-1.
    accuracy : Estimate
        Of the three findings among what was read, with its 95 % Clopper-Pearson interval; NaN where nothing was.
    """

    kind: str
    strength: int
    images: int
    refused: float
    accuracy: Estimate

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        value: dict[str, Any] = without_nan(asdict(self))
        return value


def cell(kind: str, strength: int, truth: NDArray[np.int64], decisions: NDArray[np.int64]) -> Cell:
    """Count accuracy and refusals of one cell.

    Parameters
    ----------
    truth, decisions : ndarray of int64, shape (N,)
        Class indices; a decision of -1 is an image that was not read.
    """
    read = decisions >= 0
    right, answered = int((decisions == truth)[read].sum()), int(read.sum())
    return Cell(kind, strength, len(truth), float(1 - read.mean()), clopper_pearson(right, answered))
