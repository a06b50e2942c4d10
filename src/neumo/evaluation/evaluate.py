"""Evaluate predictions: every metric with its interval, in one value that reports and commands share."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import classification_report as sklearn_report

from neumo.core.findings import FINDINGS, Finding
from neumo.core.progress import Progress
from neumo.evaluation.metrics.classification import (
    OF_CLASS,
    OF_DECISION,
    OVERALL,
    class_key,
    confusion_matrix,
    decision_metrics,
    measure,
    sick_and_called,
)
from neumo.evaluation.metrics.operating_point import DEFAULT_OPERATING_POINT
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.values import ClassReport, Estimate, Evaluation, OperatingPoint, PneumoniaDecision


def evaluate(
    predictions: Predictions,
    *,
    operating_point: OperatingPoint | None = None,
    resamples: int = 1000,
    seed: int = 42,
    progress: Progress | None = None,
) -> Evaluation:
    """Compute every metric on one set of predictions, with 95 % intervals over patients.

    Parameters
    ----------
    predictions : Predictions
    operating_point : OperatingPoint, optional
        Chosen on other images; evaluated beside the default one (0.5).
    resamples : int
        Bootstrap resamples of patients, 40 or more.
    seed : int
        Seed of the bootstrap, 0 or more.
    progress : callable, optional
        Called with the resamples done and their total.

    Returns
    -------
    Evaluation
        Metrics that cannot be measured, such as the recall of a finding without images, are NaN.

    Raises
    ------
    EvaluationError
        Too few resamples, or a negative seed.
    """
    points = (DEFAULT_OPERATING_POINT, *([operating_point] if operating_point is not None else []))

    def all_metrics(weights: FloatArray) -> dict[str, FloatArray]:
        return measure(predictions, weights) | _decided(predictions, points, weights)

    metrics = estimates(all_metrics, predictions.patients, resamples=resamples, seed=seed, progress=progress)
    support = np.bincount(predictions.truth, minlength=len(FINDINGS))
    return Evaluation(
        images=len(predictions),
        patients=len(set(predictions.patients)),
        overall={name: metrics[name] for name in OVERALL},
        by_class=tuple(_class_report(finding, metrics, int(support[finding.index])) for finding in FINDINGS),
        confusion=confusion_matrix(predictions),
        decisions=tuple(_decision(predictions, point, i, metrics) for i, point in enumerate(points)),
        resamples=resamples,
        seed=seed,
        synthetic=predictions.synthetic,
    )


def evaluate_decisions(
    predictions: Predictions,
    points: Mapping[str, OperatingPoint],
    *,
    resamples: int = 1000,
    seed: int = 42,
) -> dict[str, PneumoniaDecision]:
    """Measure what each operating point does, by its name, with 95 % intervals over patients.

    Raises
    ------
    EvaluationError
        Too few resamples, or a negative seed.
    """
    chosen = tuple(points.values())
    metrics = estimates(
        lambda weights: _decided(predictions, chosen, weights),
        predictions.patients,
        resamples=resamples,
        seed=seed,
    )
    return {name: _decision(predictions, point, i, metrics) for i, (name, point) in enumerate(points.items())}


def classification_report(evaluated: Evaluation | Predictions) -> str:
    """Precision, recall, F1 and support as text, in the shape that scikit-learn made familiar."""
    confusion = evaluated.confusion if isinstance(evaluated, Evaluation) else confusion_matrix(evaluated)
    truth, decisions = (np.repeat(axis.ravel(), confusion.ravel()) for axis in np.indices(confusion.shape))
    text: str = sklearn_report(
        truth,
        decisions,
        labels=range(len(FINDINGS)),
        target_names=[finding.value for finding in FINDINGS],
        digits=3,
        zero_division=0,
    )
    return text


def _class_report(finding: Finding, metrics: dict[str, Estimate], support: int) -> ClassReport:
    own = {name: metrics[class_key(name, finding)] for name in OF_CLASS}
    return ClassReport(finding=finding, support=support, **own)


def _decided(
    predictions: Predictions, points: Sequence[OperatingPoint], weights: FloatArray
) -> dict[str, FloatArray]:
    return {
        _decision_key(name, position): values
        for position, point in enumerate(points)
        for name, values in decision_metrics(predictions, point.threshold, weights).items()
    }


def _decision(
    predictions: Predictions, point: OperatingPoint, position: int, metrics: dict[str, Estimate]
) -> PneumoniaDecision:
    sick, called = sick_and_called(predictions, point.threshold)
    return PneumoniaDecision(
        operating_point=point,
        **{name: metrics[_decision_key(name, position)] for name in OF_DECISION},
        true_positives=int((sick & called).sum()),
        false_positives=int((~sick & called).sum()),
        true_negatives=int((~sick & ~called).sum()),
        false_negatives=int((sick & ~called).sum()),
    )


def _decision_key(name: str, position: int) -> str:
    return f"{name}_at_{position}"
