"""Missed pneumonias, counted on their own: in medicine the false negatives matter most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import PNEUMONIA, Finding
from neumo.evaluation.metrics.classification import sick_and_called
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, weighted_mean
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.uncertainty.exact import exact_at_the_ends
from neumo.evaluation.values import Estimate


@dataclass(frozen=True)
class MissedRow:
    """Pneumonias of one kind that are called normal.

    Attributes
    ----------
    finding : Finding or None
        None for both kinds together.
    support : int
        Radiographs that truly show it.
    counts : tuple of int
        Missed, first where the most probable finding decides, then at each threshold.
    shares : tuple of Estimate
        The same as a share of `support`, in 0-1; NaN where support is 0. Where none or all are missed every
        resample agrees, so the interval is the exact one over patients (Clopper and Pearson, 1934).
    """

    finding: Finding | None
    support: int
    counts: tuple[int, ...]
    shares: tuple[Estimate, ...]


def missed_pneumonias(
    predictions: Predictions, thresholds: Sequence[float], *, resamples: int = 1000, seed: int = 42
) -> tuple[MissedRow, ...]:
    """Count the missed pneumonias: bacterial, viral, then both together.

    Parameters
    ----------
    predictions : Predictions
    thresholds : sequence of float
        On the probability of pneumonia, in 0-1.
    resamples, seed : int
        Of the bootstrap over patients.

    Raises
    ------
    EvaluationError
        Too few resamples, or a negative seed.
    """
    rules = (
        predictions.decisions == Finding.NORMAL.index,
        *(_not_called(predictions, t) for t in thresholds),
    )
    kinds: dict[Finding | None, BoolArray] = {f: predictions.truth == f.index for f in PNEUMONIA}
    kinds[None] = predictions.truth != Finding.NORMAL.index

    def shares(weights: FloatArray) -> dict[str, FloatArray]:
        return {
            _key(kind, i): weighted_mean(normal.astype(np.float64), weights * group)
            for kind, group in kinds.items()
            for i, normal in enumerate(rules)
        }

    measured = estimates(shares, predictions.patients, resamples=resamples, seed=seed)
    return tuple(
        MissedRow(
            finding=kind,
            support=int(group.sum()),
            counts=tuple(int((group & normal).sum()) for normal in rules),
            shares=tuple(
                exact_at_the_ends(measured[_key(kind, i)], _patients(predictions, group))
                for i in range(len(rules))
            ),
        )
        for kind, group in kinds.items()
    )


def clearest_missed(predictions: Predictions, threshold: float, limit: int) -> NDArray[np.intp]:
    """Positions of the pneumonias missed at `threshold`, those with the lowest probability of pneumonia first."""
    sick, called = sick_and_called(predictions, threshold)
    missed = np.flatnonzero(sick & ~called)
    return missed[np.argsort(predictions.pneumonia[missed], kind="stable")][:limit]


def _patients(predictions: Predictions, group: BoolArray) -> int:
    return len({predictions.patients[i] for i in np.flatnonzero(group)})


def _not_called(predictions: Predictions, threshold: float) -> BoolArray:
    _, called = sick_and_called(predictions, threshold)
    return ~called


def _key(kind: Finding | None, rule: int) -> str:
    return f"{kind} by rule {rule}"
