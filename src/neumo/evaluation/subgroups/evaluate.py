"""Metrics by subgroup, gaps between groups, and groups that are too small to evaluate.

Gaps are Fairlearn's (Bird et al., Microsoft Research MSR-TR-2020-32). A gap is no proof of a cause: groups
may differ in how ill their patients are, or in how they were imaged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np
from fairlearn.metrics import MetricFrame, equalized_odds_difference, true_negative_rate, true_positive_rate
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score

from neumo.core.errors import EvaluationError
from neumo.evaluation.metrics.classification import decision_metrics, measure, sick_and_called
from neumo.evaluation.metrics.operating_point import DEFAULT_OPERATING_POINT
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, weighted_mean
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.subgroups.age import AGE_BANDS, UNKNOWN, age_band
from neumo.evaluation.subgroups.values import MAX_HALF_WIDTH, SUBGROUP_METRICS, Gap, Subgroup, SubgroupReport
from neumo.evaluation.uncertainty.bootstrap import Measure, estimates
from neumo.evaluation.values import Estimate, OperatingPoint

MIN_PATIENTS = 17
"""Patients with, and patients without pneumonia that a group needs: with 16, the exact 95 % interval (Clopper
and Pearson) of a metric without a single error is still wider than 0.2; with 17 it is not."""

Rate = Callable[[str, FloatArray], FloatArray]
"""From a group's name and image weights of shape (R, N) to a metric of shape (R,)."""

_DECISION_METRICS = ("sensitivity", "specificity")


class WithIntervals(Protocol):
    """`bootstrap.estimates` with its resamples and seed filled in."""

    def __call__(self, measure: Measure, patients: Sequence[str]) -> dict[str, Estimate]:
        """Measure with intervals over patients."""


def evaluate_by(
    predictions: Predictions,
    column: str,
    *,
    minimum: int = MIN_PATIENTS,
    operating_point: OperatingPoint = DEFAULT_OPERATING_POINT,
    resamples: int = 1000,
    seed: int = 42,
) -> SubgroupReport:
    """Measure each group of a column, with intervals over patients, and the gaps between groups.

    Parameters
    ----------
    predictions : Predictions
    column : str
        A name in `predictions.attributes`. Ages in years (column "age") are put into bands.
    minimum : int
        Patients with and without pneumonia below which a group is too small to evaluate.
    operating_point : OperatingPoint
        Where pneumonia is called.
    resamples, seed : int
        Of the bootstrap, as in `bootstrap.estimates`.

    Returns
    -------
    SubgroupReport

    Raises
    ------
    EvaluationError
        The predictions have no such column, or the bootstrap is asked for too few resamples.
    """
    with_intervals = partial(estimates, resamples=resamples, seed=seed)
    values = np.array(_group_values(predictions, column))
    groups = tuple(
        _subgroup(
            name, predictions.take(np.flatnonzero(values == name)), minimum, operating_point, with_intervals
        )
        for name in _in_order(set(values.tolist()))
    )
    large = [group.name for group in groups if group.judgeable]
    gaps: tuple[Gap, ...] = ()
    odds = float("nan")
    if len(large) > 1:
        members = np.flatnonzero(np.isin(values, large))
        gaps, odds = _gaps(predictions.take(members), values[members], operating_point, with_intervals)
    return SubgroupReport(
        column=column,
        operating_point=operating_point,
        groups=groups,
        gaps=gaps,
        equalized_odds_difference=odds,
        resamples=resamples,
        seed=seed,
        synthetic=predictions.synthetic,
    )


def _group_values(predictions: Predictions, column: str) -> list[str]:
    attributes = predictions.attributes
    if column not in attributes:
        known = ", ".join(sorted(attributes)) or "none; add one to the manifest"
        raise EvaluationError(
            "column {column!r}: the predictions have no such column; they have: {known}",
            column=column,
            known=known,
        )
    if column == "age":
        return [age_band(value) for value in attributes[column]]
    return [value.strip() or UNKNOWN for value in attributes[column]]


def _in_order(names: set[str]) -> Sequence[str]:
    rank = {band: position for position, band in enumerate(AGE_BANDS)}
    return sorted(names, key=lambda name: (name == UNKNOWN, rank.get(name, len(rank)), name))


def _subgroup(
    name: str, members: Predictions, minimum: int, point: OperatingPoint, with_intervals: WithIntervals
) -> Subgroup:
    def all_metrics(weights: FloatArray) -> dict[str, FloatArray]:
        return measure(members, weights) | decision_metrics(members, point.threshold, weights)

    measured = with_intervals(all_metrics, members.patients)
    metrics = {name: measured[name] for name in SUBGROUP_METRICS}
    sick, _ = sick_and_called(members, point.threshold)
    with_pneumonia, without_pneumonia = _patients(members, sick), _patients(members, ~sick)
    faults = {
        "few-with-pneumonia": with_pneumonia < minimum,
        "few-without-pneumonia": without_pneumonia < minimum,
        "imprecise": any(not _half_width(metrics[metric]) <= MAX_HALF_WIDTH for metric in _DECISION_METRICS),
    }
    return Subgroup(
        name=name,
        images=len(members),
        patients=len(set(members.patients)),
        patients_with_pneumonia=with_pneumonia,
        patients_without_pneumonia=without_pneumonia,
        figures=metrics,
        reasons=tuple(reason for reason, applies in faults.items() if applies),
        minimum=minimum,
    )


def _patients(members: Predictions, chosen: BoolArray) -> int:
    return len({members.patients[i] for i in np.flatnonzero(chosen)})


def _half_width(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2


def _gaps(
    members: Predictions, groups: NDArray[np.str_], point: OperatingPoint, with_intervals: WithIntervals
) -> tuple[tuple[Gap, ...], float]:
    sick, called = sick_and_called(members, point.threshold)
    right = members.decisions == members.truth
    everyone = np.ones(len(members), dtype=np.bool_)
    of_findings = MetricFrame(
        metrics={"accuracy": accuracy_score},
        y_true=members.truth,
        y_pred=members.decisions,
        sensitive_features=groups,
    )
    of_pneumonia = MetricFrame(
        metrics={"sensitivity": true_positive_rate, "specificity": true_negative_rate},
        y_true=sick.astype(int),
        y_pred=called.astype(int),
        sensitive_features=groups,
    )
    frames = (
        ("accuracy", of_findings, _rate(right, everyone, groups)),
        ("sensitivity", of_pneumonia, _rate(called, sick, groups)),
        ("specificity", of_pneumonia, _rate(~called, ~sick, groups)),
    )
    gaps = tuple(
        _gap(metric, frame, partial(with_intervals, _distance(metric, frame, rate), members.patients))
        for metric, frame, rate in frames
    )
    odds = equalized_odds_difference(sick.astype(int), called.astype(int), sensitive_features=groups)
    return gaps, float(odds)


def _rate(right: BoolArray, counted: BoolArray, groups: NDArray[np.str_]) -> Rate:
    """Share of right answers among the counted images of a group, under any weights."""
    values = right.astype(np.float64)
    return lambda group, weights: weighted_mean(values, weights * (counted & (groups == group)))


def _distance(metric: str, frame: MetricFrame, rate: Rate) -> Measure:
    lowest, highest = _extremes(metric, frame)
    return lambda weights: {metric: rate(highest, weights) - rate(lowest, weights)}


def _extremes(metric: str, frame: MetricFrame) -> tuple[str, str]:
    ranked = frame.by_group[metric].sort_values(kind="stable").index
    return str(ranked[0]), str(ranked[-1])


def _gap(metric: str, frame: MetricFrame, measured: Callable[[], Mapping[str, Estimate]]) -> Gap:
    lowest, highest = _extremes(metric, frame)
    return Gap(
        figure=metric,
        lowest=lowest,
        highest=highest,
        difference=replace(measured()[metric], value=float(frame.difference()[metric])),
        ratio=float(frame.ratio()[metric]),
    )
