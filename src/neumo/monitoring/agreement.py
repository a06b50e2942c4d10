"""Agreement of people with the reader by month: kappa, sensitivity, specificity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.core.decision import Conclusion
from neumo.core.findings import FINDINGS, Finding
from neumo.core.statistics import Proportion, resampled_interval, wilson
from neumo.monitoring.history import Decided

MIN_GROUP: Final = 20
"""With fewer decisions intervals are so wide that a month says next to nothing."""
ALL: Final = "all"
_REPLICATES: Final = 2000


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa with a 95 % interval; None where everything is one finding, so that chance explains all.

    Attributes
    ----------
    value, low, high : float or None
        At most 1; 0 is what chance gives.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A month's decisions beside the reader's findings.

    Attributes
    ----------
    period : str
        Such as "2026-01", or "all".
    n, blinded : int
        Decisions, and how many of them were made before the reader's finding was seen.
    other, unusable : int
        Decisions for another abnormality, and those for an inadequate or wrong image.
    agree : Proportion
        People who agree, of those whose reading states something to agree with.
    kappa : Kappa
        Of the most probable finding and the decision, where both are one of the three findings.
    sensitivity, specificity : Proportion
        Of the reader's call of pneumonia, the decisions being the truth; unusable images are left out.
    too_small : bool
        Whether there are fewer than 20 decisions.
    """

    period: str
    n: int
    blinded: int
    other: int
    unusable: int
    agree: Proportion
    kappa: Kappa
    sensitivity: Proportion
    specificity: Proportion
    too_small: bool


def agreement_by_month(decided: Iterable[Decided], *, seed: int = 0) -> tuple[Agreement, ...]:
    """Return each month's agreement, in order, and at last that of all of them; nothing where nobody decided."""
    months: dict[str, list[Decided]] = {}
    for each in decided:
        months.setdefault(each.month, []).append(each)
    if not months:
        return ()
    groups = [*sorted(months.items()), (ALL, [each for group in months.values() for each in group])]
    return tuple(_agreement(period, group, seed) for period, group in groups)


def cohens_kappa(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Cohen's kappa (Educ. Psychol. Meas. 20:37, 1960) of tables of counts.

    Parameters
    ----------
    table : ndarray of float64, shape (..., k, k)
        Counts or shares by one's finding and the other's; none of them is all zeros.

    Returns
    -------
    ndarray of float64, shape (...)
        NaN where chance explains all, both having given one and the same finding throughout.
    """
    shares = table / table.sum(axis=(-2, -1), keepdims=True)
    observed = np.trace(shares, axis1=-2, axis2=-1)
    chance = (shares.sum(axis=-1) * shares.sum(axis=-2)).sum(axis=-1)
    explained = np.isclose(chance, 1.0)
    kappa = (observed - chance) / np.where(explained, 1.0, 1 - chance)
    return np.asarray(np.where(explained, np.nan, kappa), dtype=np.float64)


def _agreement(period: str, group: Sequence[Decided], seed: int) -> Agreement:
    sick = [each for each in group if each.final.pneumonia is True]
    well = [each for each in group if each.final.pneumonia is False]
    asked = [each.agrees for each in group if each.agrees is not None]
    return Agreement(
        period=period,
        n=len(group),
        blinded=sum(each.blinded for each in group),
        other=sum(each.final is Conclusion.OTHER_ABNORMAL for each in group),
        unusable=sum(each.final.pneumonia is None for each in group),
        agree=wilson(sum(asked), len(asked)),
        kappa=_kappa(group, seed),
        sensitivity=wilson(sum(each.called_pneumonia for each in sick), len(sick)),
        specificity=wilson(sum(not each.called_pneumonia for each in well), len(well)),
        too_small=len(group) < MIN_GROUP,
    )


def _kappa(group: Sequence[Decided], seed: int) -> Kappa:
    size = len(FINDINGS)
    cells = [
        each.reader.index * size + Finding(each.final).index
        for each in group
        if len(each.final.findings) == 1 and isinstance(each.reader, Finding)
    ]
    counts = np.bincount(np.array(cells, dtype=np.int64), minlength=size**2)
    return kappa_of(counts.reshape(size, size).astype(np.float64), seed)


def kappa_of(counts: NDArray[np.float64], seed: int = 0) -> Kappa:
    """Return Cohen's kappa of a table of counts, shape (k, k), with a bootstrap interval over what was counted."""
    total = int(counts.sum())
    value = float(cohens_kappa(counts)) if total else float("nan")
    if np.isnan(value):
        return Kappa(None, None, None)
    # Drawing cells by their shares is drawing pairs with replacement.
    drawn = np.random.default_rng(seed).multinomial(total, counts.ravel() / total, size=_REPLICATES)
    replicates = cohens_kappa(drawn.reshape(-1, *counts.shape).astype(np.float64))
    return Kappa(value, *resampled_interval(value, replicates[~np.isnan(replicates)]))
