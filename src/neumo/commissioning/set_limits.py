"""Prediction sets, gate limits and age range from a site's own images."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

import numpy as np

from neumo.bundle.config import GateLimits
from neumo.bundle.gate_statistics import ACCEPTED
from neumo.core.findings import FINDINGS, PNEUMONIA, Finding
from neumo.core.labels import LABELS, Outcome, PartialLabel, findings_of, without_kinds
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray
from neumo.evaluation.uncertainty.conformal import conformal_limits
from neumo.inference.gate import OUTSIDE_RANGE_SLACK
from neumo.inference.posterior import prediction_set

MIN_AGED: Final = 50
"""Images with a known age from which an age range is set."""

_UNKNOWN_CAUSE = LABELS.index(PartialLabel.PNEUMONIA)
_NORMAL = Finding.NORMAL.index


def images_for(coverage: float) -> int:
    """Return the least number of images of an outcome from which a coverage can be guaranteed: 9 for 0.90."""
    number = 1
    while ceil((number + 1) * coverage) > number:
        number += 1
    return number


def site_limits(
    codes: IntArray, probabilities: FloatArray, coverage: float
) -> tuple[dict[Outcome, float], tuple[str, ...]]:
    """Return the limits of prediction sets, and the outcomes of which the coverage is guaranteed.

    Class-conditional, and cross-conformal (Vovk, Annals of Mathematics and Artificial Intelligence 2015): every image's
    probabilities come from a fit that did not see its patient. Pneumonia as a whole is held where one of its kinds is;
    a kind with too few images has the limit of pneumonia as a whole.

    Parameters
    ----------
    codes : ndarray of int64, shape (N,)
        Labels, as positions in `neumo.core.labels.LABELS`.
    probabilities : ndarray of float64, shape (N, 3)
        Out of fold.
    coverage : float
        Nominal, above 0 and below 1.

    Returns
    -------
    limits : dict of Outcome to float
        Of the findings, and of pneumonia where its kind is not assessed. 1 where pneumonia as a whole or normal has too
        few images: every set holds it then.
    guaranteed : tuple of str
        Of "NORMAL", "PNEUMONIA", "BACTERIAL_PNEUMONIA" and "VIRAL_PNEUMONIA".
    """
    least = images_for(coverage)
    sick: BoolArray = np.isin(codes, [*(kind.index for kind in PNEUMONIA), _UNKNOWN_CAUSE])
    enough = {kind: int((codes == kind.index).sum()) >= least for kind in PNEUMONIA}
    kept = np.flatnonzero(np.isin(codes, [_NORMAL, *(kind.index for kind in PNEUMONIA if enough[kind])]))
    rows = np.concatenate([kept, np.flatnonzero(sick)])
    labels = np.concatenate([codes[kept], np.full(int(sick.sum()), _UNKNOWN_CAUSE)])
    outcomes = {
        Finding.NORMAL.value: int((codes == _NORMAL).sum()) >= least,
        PartialLabel.PNEUMONIA.value: int(sick.sum()) >= least,
        **{kind.value: enough[kind] for kind in PNEUMONIA},
    }
    limits = conformal_limits(labels, probabilities[rows], coverage)
    whole = conformal_limits(np.full(int(sick.sum()), _UNKNOWN_CAUSE), probabilities[sick], coverage)
    limits[PartialLabel.PNEUMONIA] = whole[PartialLabel.PNEUMONIA]
    return limits, tuple(outcome for outcome, known in outcomes.items() if known)


def shipped_sets(
    probabilities: FloatArray, limits: Mapping[Any, float], flagged: BoolArray, *, kinds: bool = True
) -> BoolArray:
    """Return the sets as answers state them, shape (N, 3).

    Parameters
    ----------
    probabilities : ndarray of float64, shape (N, 3)
    limits : mapping of Outcome to float
    flagged : ndarray of bool, shape (N,)
        The decision at the operating point.
    kinds : bool
        Whether kinds of pneumonia are told apart; else a set with pneumonia holds both.
    """
    sets = (
        findings_of(prediction_set(shares, limits, shown=shares, pneumonia=bool(called)))
        for shares, called in zip(_shares(probabilities, kinds=kinds), flagged, strict=True)
    )
    return np.array([[finding in members for finding in FINDINGS] for members in sets], dtype=np.bool_)


def site_gate(base: GateLimits, distances: FloatArray, ages: FloatArray) -> GateLimits:
    """Return gate limits that accept a site's radiographs, or the bundle's where those do.

    Parameters
    ----------
    base : GateLimits
        The bundle's.
    distances, ages : ndarray of float, shape (N,)
        Of images that are what the site will send; ages are NaN where unknown.

    Returns
    -------
    GateLimits
        The distance is raised where more than 1.5 % of the images lie beyond it, to at most 1.3 times the bundle's, up
        to which what is no chest radiograph was examined. The age range becomes that of 98 % of the images where more
        than 1.5 % lie outside the bundle's and at least 50 ages are known.
    """
    distance = base.distance
    if (distances > distance).mean() > 1 - ACCEPTED:
        distance = min(float(np.quantile(distances, ACCEPTED)), distance * OUTSIDE_RANGE_SLACK)
    known = ages[~np.isnan(ages)]
    youngest, oldest = base.age_years
    if len(known) >= MIN_AGED and outside_ages(known, base).mean() > 1 - ACCEPTED:
        youngest, oldest = (float(np.floor(end)) for end in np.quantile(known, (0.01, 0.99)))
    return GateLimits(distance, base.minimum_side, (youngest, oldest))


def outside_ages(ages: FloatArray, gate: GateLimits) -> BoolArray:
    """Return which ages, shape (N,), lie outside a gate's range; an unknown one (NaN) does not."""
    youngest, oldest = gate.age_years
    outside: BoolArray = (ages < youngest) | (ages >= oldest + 1)
    return outside


def refusal_codes(
    barred: "np.ndarray[tuple[int], np.dtype[np.str_]]",
    distances: FloatArray,
    ages: FloatArray,
    gate: GateLimits,
) -> list[str]:
    """Return the code of the reason why each image is refused under a gate, empty where it is read; length N."""
    with np.errstate(invalid="ignore"):
        far, old = distances > gate.distance, outside_ages(ages, gate)
    return [
        str(code) or ("outside_age_range" if aged else "far_from_training" if beyond else "")
        for code, aged, beyond in zip(barred, old, far, strict=True)
    ]


def _shares(probabilities: FloatArray, *, kinds: bool) -> list[dict[Outcome, float]]:
    found = [dict(zip(FINDINGS, row, strict=True)) for row in probabilities.tolist()]
    return [{**shares} if kinds else without_kinds(shares) for shares in found]
