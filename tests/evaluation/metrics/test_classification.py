import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from tests.support.point_metrics import point_metrics
from tests.support.report_samples import Simulate

from neumo.core.errors import EvaluationError
from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.metrics.classification import (
    OVERALL,
    bacterial_share,
    class_key,
    confusion_matrix,
    decision_metrics,
    measure,
    unit_weights,
)
from neumo.evaluation.metrics.weighted import weighted_auroc, weighted_average_precision
from neumo.evaluation.predictions import Predictions


def reference_figures(p: Predictions, weights: np.ndarray | None = None) -> dict[str, float]:
    """Every figure as scikit-learn computes it."""
    truth, chances, decisions = p.truth, p.probabilities, p.decisions
    one_hot = np.eye(3)[truth]
    sick = truth > 0
    by_class = reference.precision_recall_fscore_support(
        truth, decisions, labels=[0, 1, 2], zero_division=0, sample_weight=weights
    )
    aurocs = [reference.roc_auc_score(one_hot[:, i], chances[:, i], sample_weight=weights) for i in range(3)]
    precisions = [
        reference.average_precision_score(one_hot[:, i], chances[:, i], sample_weight=weights)
        for i in range(3)
    ]
    of_sick = None if weights is None else weights[sick]
    overall = {
        "accuracy": reference.accuracy_score(truth, decisions, sample_weight=weights),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, decisions, sample_weight=weights),
        "macro_precision": by_class[0].mean(),
        "macro_recall": by_class[1].mean(),
        "macro_f1": by_class[2].mean(),
        "macro_auroc": np.mean(aurocs),
        "auroc_normal_vs_pneumonia": reference.roc_auc_score(sick, 1 - chances[:, 0], sample_weight=weights),
        "auroc_bacterial_vs_viral": reference.roc_auc_score(
            truth[sick] == 1, chances[sick, 1] / (chances[sick, 1] + chances[sick, 2]), sample_weight=of_sick
        ),
        "macro_average_precision": np.mean(precisions),
        "log_loss": reference.log_loss(truth, chances, labels=[0, 1, 2], sample_weight=weights),
        "brier": reference.brier_score_loss(
            truth, chances, labels=[0, 1, 2], scale_by_half=False, sample_weight=weights
        ),
    }
    named = dict(zip(("precision", "recall", "f1"), by_class, strict=False))
    named |= {"auroc": aurocs, "average_precision": precisions}
    return overall | {class_key(k, f): values[f.index] for k, values in named.items() for f in FINDINGS}


@pytest.mark.parametrize("digits", [None, 1], ids=["distinct scores", "tied scores"])
def test_every_figure_equals_scikit_learn(simulate: Simulate, digits: int | None) -> None:
    predictions = simulate(300, digits=digits, strength=1.0)
    ours = point_metrics(predictions)
    expected = reference_figures(predictions)
    assert set(ours) - set(expected) == {"expected_calibration_error"}
    assert {k: ours[k] for k in expected} == pytest.approx(expected, abs=1e-9)


def test_figures_under_weights_equal_those_of_the_repeated_images(simulate: Simulate) -> None:
    predictions = simulate(120, digits=1, strength=0.8)
    weights = np.random.default_rng(3).integers(0, 4, size=(5, 120)).astype(float)
    ours = measure(predictions, weights)
    for row in range(5):
        repeated = predictions.take(np.repeat(np.arange(120), weights[row].astype(int)))
        expected = reference_figures(repeated)
        assert {k: ours[k][row] for k in expected} == pytest.approx(expected, abs=1e-9)
        assert ours["expected_calibration_error"][row] == pytest.approx(
            point_metrics(repeated)["expected_calibration_error"]
        )


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.5000001, 1.0]), st.integers(0, 3)),
        min_size=2,
        max_size=40,
    )
)
def test_rank_figures_equal_scikit_learn_on_any_ties_and_weights(rows: list[tuple[bool, int, int]]) -> None:
    positive, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    weights = weights.astype(float)
    auroc = weighted_auroc(positive, scores, weights[np.newaxis])[0]
    precision = weighted_average_precision(positive, scores, weights[np.newaxis])[0]
    kept = np.repeat(np.arange(len(rows)), weights.astype(int))
    if not positive[kept].any():
        assert np.isnan(auroc) and np.isnan(precision)
        return
    assert precision == pytest.approx(reference.average_precision_score(positive[kept], scores[kept]))
    if positive[kept].all():
        assert np.isnan(auroc)
    else:
        assert auroc == pytest.approx(reference.roc_auc_score(positive[kept], scores[kept]))


def test_a_finding_without_images_is_not_measured(simulate: Simulate) -> None:
    predictions = simulate(60, classes=(0, 1))
    figures = point_metrics(predictions)
    unmeasured = {name for name, value in figures.items() if np.isnan(value)}
    assert unmeasured == {
        "balanced_accuracy",
        "macro_precision",
        "macro_recall",
        "macro_f1",
        "macro_auroc",
        "auroc_bacterial_vs_viral",
        "macro_average_precision",
        *(
            class_key(name, Finding.VIRAL_PNEUMONIA)
            for name in ("precision", "recall", "f1", "auroc", "average_precision")
        ),
    }


def test_a_finding_never_decided_has_precision_zero(simulate: Simulate) -> None:
    predictions = simulate(60)
    chances = np.tile([0.6, 0.3, 0.1], (60, 1))
    never = Predictions(predictions.paths, predictions.patients, predictions.truth, chances)
    figures = point_metrics(never)
    assert figures["precision_VIRAL_PNEUMONIA"] == 0.0
    assert figures["f1_VIRAL_PNEUMONIA"] == 0.0
    assert list(figures)[: len(OVERALL)] == list(OVERALL)


def test_a_certain_mistake_costs_much_but_not_infinity() -> None:
    certain = Predictions(
        ("a", "b"), ("a", "b"), np.array([0, 1]), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    )
    figures = point_metrics(certain)
    assert figures["log_loss"] == pytest.approx(
        reference.log_loss([0, 1], certain.probabilities, labels=[0, 1, 2])
    )
    assert figures["brier"] == pytest.approx(1.0)


def test_bacterial_share_is_undecided_without_any_pneumonia() -> None:
    assert bacterial_share(np.array([[1.0, 0.0, 0.0], [0.5, 0.4, 0.1]])).tolist() == [0.5, 0.8]


def test_confusion_matrix_has_truth_in_rows(simulate: Simulate) -> None:
    predictions = simulate(150)
    expected = reference.confusion_matrix(predictions.truth, predictions.decisions, labels=[0, 1, 2])
    assert confusion_matrix(predictions).tolist() == expected.tolist()


def test_decision_figures_follow_the_threshold(simulate: Simulate) -> None:
    predictions = simulate(250, strength=0.7)
    sick, called = predictions.truth > 0, predictions.pneumonia >= 0.8
    figures = decision_metrics(predictions, 0.8, unit_weights(predictions))
    assert {name: values[0] for name, values in figures.items()} == pytest.approx(
        {
            "sensitivity": reference.recall_score(sick, called),
            "specificity": reference.recall_score(~sick, ~called),
            "ppv": reference.precision_score(sick, called),
            "npv": reference.precision_score(~sick, ~called),
        }
    )


def test_ppv_is_undefined_where_nothing_is_called(simulate: Simulate) -> None:
    predictions = simulate(30)
    figures = decision_metrics(predictions, 1.1, unit_weights(predictions))
    assert np.isnan(figures["ppv"][0])
    assert figures["sensitivity"][0] == 0.0
    assert figures["specificity"][0] == 1.0


def test_a_probability_below_zero_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"a probability is -0\.2"):
        Predictions(("a",), ("a",), np.array([0]), np.array([[-0.2, 0.6, 0.6]]))
