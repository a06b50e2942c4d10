"""Outcomes of the acceptance criteria at a site."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from math import ceil

import numpy as np

from neumo.bundle.criteria import Criteria
from neumo.commissioning.examine import Examined
from neumo.evaluation.sources.values import LOWER_IS_BETTER
from neumo.evaluation.values import Estimate


class Outcome(StrEnum):
    """Outcome of an acceptance criterion."""

    MET = "met"
    NOT_SHOWN = "not_shown"
    FAILED = "failed"


@dataclass(frozen=True)
class Criterion:
    """One criterion as it turned out.

    Attributes
    ----------
    metric : str
    limit : float
    value : Estimate
        NaN where it could not be measured.
    outcome : Outcome
        Met where the whole interval keeps the limit, failed where none of it does.
    images : int
        That it was measured on.
    takes : int or None
        Images of that kind with which the interval would keep the limit, if the value stayed; None where it is met, or
        where the value itself does not keep the limit, so that no number of images would show it.
    """

    metric: str
    limit: float
    value: Estimate
    outcome: Outcome
    images: int
    takes: int | None


def accepted_criteria(limits: Mapping[str, float]) -> Criteria:
    """Return the criteria that a site bundle was examined by; what was left out then is left out."""
    return Criteria(**{one.name: limits.get(one.name) for one in fields(Criteria)})


def compared(criteria: Criteria, examined: Examined) -> tuple[Criterion, ...]:
    """Compare what was measured at commissioning with every criterion."""
    overall = examined.overall
    values = {**overall.figures, "refused": overall.share_refused}
    return compared_values(criteria, values, examined.normal, examined.pneumonia, overall.images)


def compared_values(
    criteria: Criteria, values: Mapping[str, Estimate], well: int, sick: int, given: int
) -> tuple[Criterion, ...]:
    """Compare metrics with every criterion; `well` and `sick` count images that were read, `given` also the refused."""
    counted = {
        "sensitivity": sick,
        "coverage_pneumonia": sick,
        "specificity": well,
        "coverage_normal": well,
        "refused": given,
    }
    nothing = Estimate(float("nan"), float("nan"), float("nan"))
    return tuple(
        _compared(one.name, limit, values.get(one.name, nothing), counted.get(one.name, sick + well))
        for one in fields(criteria)
        if (limit := getattr(criteria, one.name)) is not None
    )


def _compared(metric: str, limit: float, value: Estimate, images: int) -> Criterion:
    # Turned so that more is better.
    sign = -1 if metric in LOWER_IS_BETTER else 1
    worst, best = sorted((sign * value.low, sign * value.high))
    if np.isnan(value.value) or np.isnan(worst):
        return Criterion(metric, limit, value, Outcome.NOT_SHOWN, images, None)
    if worst >= sign * limit:
        return Criterion(metric, limit, value, Outcome.MET, images, None)
    outcome = Outcome.FAILED if best < sign * limit else Outcome.NOT_SHOWN
    margin = sign * (value.value - limit)
    # Intervals narrow with the root of the number.
    takes = ceil(images * ((sign * value.value - worst) / margin) ** 2) if margin > 0 else None
    return Criterion(metric, limit, value, outcome, images, takes)
