import json

import numpy as np
import pytest
from sklearn import metrics as reference
from tests.support.point_metrics import point_metrics
from tests.support.report_samples import Simulate

from neumo.core.findings import FINDINGS
from neumo.evaluation.evaluate import classification_report, evaluate, evaluate_decisions
from neumo.evaluation.metrics.classification import OVERALL
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.values import OperatingPoint

RUN_3_OF_THE_STUDY = [[175, 14, 45], [13, 203, 26], [4, 23, 121]]
"""Rows truth, columns decision: normal, bacterial, viral."""


def from_confusion(confusion: list[list[int]]) -> Predictions:
    cells = [(t, d) for t in range(3) for d in range(3) for _ in range(confusion[t][d])]
    names = tuple(str(i) for i in range(len(cells)))
    decisions = np.eye(3)[[d for _, d in cells]] * 0.7 + 0.1
    return Predictions(names, names, np.array([t for t, _ in cells]), decisions)


def test_evaluation_of_the_studys_third_run_gives_its_reported_figures() -> None:
    evaluated = evaluate(from_confusion(RUN_3_OF_THE_STUDY), resamples=200)
    assert round(evaluated.overall["accuracy"].value, 2) == 0.80
    assert round(evaluated.overall["macro_f1"].value, 2) == 0.79
    assert [round(c.recall.value, 2) for c in evaluated.by_class] == [0.75, 0.84, 0.82]
    assert [round(c.precision.value, 2) for c in evaluated.by_class] == [0.91, 0.85, 0.63]
    assert [c.support for c in evaluated.by_class] == [234, 242, 148]
    assert evaluated.confusion.tolist() == RUN_3_OF_THE_STUDY


def test_operating_points_are_evaluated_as_a_chosen_one_is(simulate: Simulate) -> None:
    predictions = simulate(300, images_per_patient=2)
    points = {
        name: OperatingPoint(threshold, rule="Youden", target=None, chosen_on="bundle")
        for name, threshold in (("low", 0.2), ("high", 0.8))
    }
    decided = evaluate_decisions(predictions, points, resamples=200)
    for name, point in points.items():
        assert decided[name] == evaluate(predictions, operating_point=point, resamples=200).decisions[-1]
    assert decided["low"].sensitivity.value > decided["high"].sensitivity.value


def test_evaluation_holds_every_figure_with_an_interval_around_it(simulate: Simulate) -> None:
    predictions = simulate(300, images_per_patient=2, strength=1.0)
    evaluated = evaluate(predictions, resamples=300)
    assert tuple(evaluated.overall) == OVERALL
    assert (evaluated.images, evaluated.patients, evaluated.resamples) == (300, 150, 300)
    points = point_metrics(predictions)
    for name, figure in evaluated.overall.items():
        assert figure.value == points[name]
        assert figure.low < figure.high
    assert tuple(c.finding for c in evaluated.by_class) == FINDINGS
    accuracy = evaluated.overall["accuracy"]
    assert accuracy.low < accuracy.value < accuracy.high


def test_the_default_decision_comes_first_and_the_chosen_one_second(simulate: Simulate) -> None:
    predictions = simulate(200, strength=0.8)
    chosen = OperatingPoint(0.3, "target-sensitivity", 0.95, "validation")
    default, at_chosen = evaluate(predictions, operating_point=chosen, resamples=100).decisions
    assert (default.operating_point.threshold, default.operating_point.rule) == (0.5, "default")
    assert at_chosen.operating_point == chosen
    for decision in (default, at_chosen):
        threshold = decision.operating_point.threshold
        counts = reference.confusion_matrix(predictions.truth > 0, predictions.pneumonia >= threshold).ravel()
        assert counts.tolist() == [
            decision.true_negatives,
            decision.false_positives,
            decision.false_negatives,
            decision.true_positives,
        ]
        assert decision.sensitivity.value == pytest.approx(
            decision.true_positives / (decision.true_positives + decision.false_negatives)
        )
        assert decision.npv.value == pytest.approx(
            decision.true_negatives / (decision.true_negatives + decision.false_negatives)
        )
    assert at_chosen.sensitivity.value > default.sensitivity.value


def test_evaluation_without_one_finding_is_still_valid_json(simulate: Simulate) -> None:
    evaluated = evaluate(simulate(40, classes=(0, 1)), resamples=50)
    plain = json.loads(json.dumps(evaluated.to_json(), allow_nan=False))
    assert plain["overall"]["macro_f1"]["value"] is None
    assert plain["by_class"][2]["support"] == 0
    assert plain["overall"]["accuracy"]["value"] == evaluated.overall["accuracy"].value


def test_the_same_seed_gives_the_same(simulate: Simulate) -> None:
    predictions = simulate(80)
    first, again, other = (evaluate(predictions, resamples=60, seed=s).overall["macro_f1"] for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_report_is_scikit_learns_from_evaluation_and_from_predictions(simulate: Simulate) -> None:
    predictions = simulate(150, strength=0.5)
    expected = reference.classification_report(
        predictions.truth, predictions.decisions, target_names=[str(f) for f in FINDINGS], digits=3
    )
    assert classification_report(predictions) == expected
    assert classification_report(evaluate(predictions, resamples=50)) == expected


def test_report_names_a_finding_without_images(simulate: Simulate) -> None:
    text = classification_report(simulate(30, classes=(0, 1)))
    (row,) = (line for line in text.splitlines() if "VIRAL" in line)
    assert row.split()[2:] == ["0.000", "0.000", "0"] or row.split()[-1] == "0"
