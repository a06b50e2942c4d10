"""Drift: gate distance, probability and refusals of a window against a reference."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.core.statistics import Proportion, holm, wilson
from neumo.monitoring.reference import Sample
from neumo.monitoring.two_samples import (
    fisher_exact,
    kolmogorov_smirnov,
    population_stability_index,
)

MIN_WINDOW: Final = 100
"""With fewer readings the stability index passes its lower limit by chance alone in two of five windows."""
MIN_REFERENCE: Final = 500
"""With fewer, the deciles that the bins are made of are rough themselves."""
MODERATE, LARGE = 0.1, 0.25
"""Conventional limits of the stability index (Siddiqi, Credit Risk Scorecards, Wiley 2006, ch. 9)."""
LEVEL: Final = 0.05
"""Family-wise significance level of all drift tests together."""


class Change(StrEnum):
    """Result of the drift test of one metric."""

    NONE = "none"
    WATCH = "watch"
    ALARM = "alarm"
    TOO_SMALL = "too small"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class MetricDrift:
    """One metric of the window beside the reference.

    Attributes
    ----------
    name : str
        "distance" or "pneumonia".
    n, reference_n : int
        Values in the window and in the reference.
    median, reference_median : float or None
        None where there is no value.
    psi, ks, p, p_holm : float or None
        Stability index; largest distance of the distributions in 0-1; its p value, as it is and corrected for all tests
        of the report. None where either sample is too small.
    change : Change
        Alarm: an index of 0.25 or more, or of 0.1 or more with a corrected p value below 0.05. Watch: one of these.
    """

    name: str
    n: int
    reference_n: int
    median: float | None
    reference_median: float | None
    psi: float | None
    ks: float | None
    p: float | None
    p_holm: float | None
    change: Change


@dataclass(frozen=True, slots=True)
class RefusalDrift:
    """Share of refusals in the window beside the reference.

    Attributes
    ----------
    window : Proportion
    reference : Proportion or None
        None where the reference does not hold it; then nothing is tested.
    p, p_holm : float or None
        Of Fisher's exact test, as it is and corrected for all tests of the report.
    change : Change
        Alarm: a corrected p value below 0.05.
    """

    window: Proportion
    reference: Proportion | None
    p: float | None
    p_holm: float | None
    change: Change


@dataclass(frozen=True, slots=True)
class Drift:
    """The window beside the reference.

    Attributes
    ----------
    figures : tuple of MetricDrift
    refusals : RefusalDrift
    tests : int
        How many p values were corrected for each other.
    """

    figures: tuple[MetricDrift, ...]
    refusals: RefusalDrift
    tests: int

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of what raised an alarm."""
        named = [(figure.name, figure.change) for figure in self.figures]
        return tuple(
            name for name, change in [*named, ("refusals", self.refusals.change)] if change is Change.ALARM
        )


def drift(reference: Sample, window: Sample) -> Drift:
    """Test a window for drift from the reference; samples that are too small are not tested.

    Parameters
    ----------
    reference, window : Sample
        Readings of the same bundle; `window` knows its refusals.
    """
    figures = (
        _metric("distance", reference.distance, window.distance),
        _metric("pneumonia", reference.pneumonia, window.pneumonia),
    )
    refusals = _refusals(reference, window)
    p_values = [value for value in (*(figure.p for figure in figures), refusals.p) if value is not None]
    corrected = iter(holm(p_values))
    figures_with_change = tuple(
        figure if figure.p is None else _with_change(replace(figure, p_holm=next(corrected)))
        for figure in figures
    )
    if refusals.p is not None:
        p_holm = next(corrected)
        refusals = replace(refusals, p_holm=p_holm, change=Change.ALARM if p_holm < LEVEL else Change.NONE)
    return Drift(figures_with_change, refusals, len(p_values))


def _metric(name: str, reference: NDArray[np.float64], window: NDArray[np.float64]) -> MetricDrift:
    psi = ks = p = None
    if window.size >= MIN_WINDOW and reference.size >= MIN_REFERENCE:
        psi = population_stability_index(reference, window)
        ks, p = kolmogorov_smirnov(reference, window)
    return MetricDrift(
        name=name,
        n=window.size,
        reference_n=reference.size,
        median=_median(window),
        reference_median=_median(reference),
        psi=psi,
        ks=ks,
        p=p,
        p_holm=None,
        change=Change.TOO_SMALL,
    )


def _with_change(metric: MetricDrift) -> MetricDrift:
    psi, p = metric.psi or 0.0, metric.p_holm
    significant = p is not None and p < LEVEL
    if psi >= LARGE or (psi >= MODERATE and significant):
        return replace(metric, change=Change.ALARM)
    return replace(metric, change=Change.WATCH if psi >= MODERATE or significant else Change.NONE)


def _refusals(reference: Sample, window: Sample) -> RefusalDrift:
    refused, readings = window.refused or 0, window.readings or 0
    share = wilson(refused, readings)
    if reference.refused is None or reference.readings is None:
        return RefusalDrift(share, None, None, None, Change.UNKNOWN)
    before = wilson(reference.refused, reference.readings)
    if readings < MIN_WINDOW or reference.readings < MIN_REFERENCE:
        return RefusalDrift(share, before, None, None, Change.TOO_SMALL)
    p = fisher_exact(refused, readings, reference.refused, reference.readings)
    return RefusalDrift(share, before, p, None, Change.NONE)


def _median(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if values.size else None
