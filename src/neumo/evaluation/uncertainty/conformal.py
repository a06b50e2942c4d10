"""Conformal prediction sets with a nominal coverage for every finding by itself.

Class-conditional (Mondrian) split conformal prediction: V. Vovk, "Conditional validity of inductive conformal
predictors", ACML 2012; the score is 1 - probability (Sadinle, Lei and Wasserman, JASA 2019). The nominal coverage
holds for images that are exchangeable with those that set the limits: same hospital, ages, scanners and labelling.
Elsewhere it is only measured.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import ALLOWED, LABELS, Outcome, PartialLabel, allowed_findings
from neumo.evaluation.metrics.weighted import FloatArray, IntArray
from neumo.evaluation.uncertainty.exact import clopper_pearson


@dataclass(frozen=True)
class Coverage:
    """Coverage and size of prediction sets.

    Attributes
    ----------
    nominal : float
        Coverage that the sets were made for, in 0-1.
    measured : float
        Share of images whose set holds the true finding, in 0-1.
    low, high : float
        95 % Clopper-Pearson interval of `measured`.
    mean_size : float
        Mean number of findings in a set, 0-3.
    empty, single : float
        Share of sets with none and with exactly one finding.
    images : int
    """

    nominal: float
    measured: float
    low: float
    high: float
    mean_size: float
    empty: float
    single: float
    images: int


def conformal_limits(
    codes: IntArray, probabilities: FloatArray, coverage: float, sources: Sequence[str] | None = None
) -> dict[Outcome, float]:
    """Largest score (1 - probability) with which each finding, and pneumonia as a whole, enters a prediction set.

    Parameters
    ----------
    codes : ndarray of int64, shape (N,)
        Labels of images that trained nothing, as positions in `neumo.core.labels.LABELS`. Pneumonia of unknown cause is
        held where one of its kinds is.
    probabilities : ndarray of float64, shape (N, 3)
        Calibrated.
    coverage : float
        Nominal coverage, above 0 and below 1.
    sources : sequence of str, length N, optional
        Where the images come from. The limit of a finding is the widest that a source needs, so that the coverage holds
        in each by itself.

    Returns
    -------
    dict of Outcome to float
        Of the findings and of PNEUMONIA, which prediction sets hold where the etiology is not assessed. In 0-1; 1 where
        one has too few images for that coverage, so that it is in every set.
    """
    where = np.zeros(len(codes)) if sources is None else np.array(sources)
    scores = 1 - probabilities
    limits: dict[Outcome, float] = dict.fromkeys((*FINDINGS, PartialLabel.PNEUMONIA), float("nan"))

    def widen(outcomes: Iterable[Outcome], scores: FloatArray) -> None:
        for outcome in outcomes:
            limits[outcome] = float(np.fmax(limits[outcome], _limit(scores, coverage)))

    for source in np.unique(where):
        for code, label in enumerate(LABELS):
            findings, chosen = allowed_findings(label), (codes == code) & (where == source)
            if findings and chosen.any():
                widen(findings, scores[chosen][:, [finding.index for finding in findings]].min(axis=1))
        sick = ALLOWED[codes][:, 1:].any(axis=1) & (where == source)
        if sick.any():
            widen([PartialLabel.PNEUMONIA], probabilities[sick, Finding.NORMAL.index])
    return {outcome: 1.0 if np.isnan(limit) else limit for outcome, limit in limits.items()}


def _limit(scores: FloatArray, coverage: float) -> float:
    rank = int(np.ceil((len(scores) + 1) * coverage))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else 1.0


def prediction_sets(probabilities: FloatArray, limits: Mapping[Any, float]) -> NDArray[np.bool_]:
    """Return the prediction set of each image as a mask of findings, shape (N, 3)."""
    members: NDArray[np.bool_] = 1 - probabilities <= np.array([limits[finding] for finding in FINDINGS])
    return members


def measure_coverage(
    truth: IntArray, members: NDArray[np.bool_], nominal: float
) -> dict[Finding | None, Coverage]:
    """Measure coverage and sizes of sets (N, 3), of all images (key None) and of each true finding."""
    held = members[np.arange(len(truth)), truth]
    chosen: dict[Finding | None, NDArray[np.bool_]] = {None: np.ones(len(truth), dtype=bool)}
    chosen |= {finding: truth == finding.index for finding in FINDINGS}
    return {
        finding: _coverage(held[images], members[images].sum(axis=1), nominal)
        for finding, images in chosen.items()
        if images.any()
    }


def _coverage(held: NDArray[np.bool_], sizes: IntArray, nominal: float) -> Coverage:
    measured = clopper_pearson(int(held.sum()), len(held))
    return Coverage(
        nominal=nominal,
        measured=measured.value,
        low=measured.low,
        high=measured.high,
        mean_size=float(sizes.mean()),
        empty=float((sizes == 0).mean()),
        single=float((sizes == 1).mean()),
        images=len(held),
    )
