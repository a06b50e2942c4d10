import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from neumo.core.errors import EvaluationError
from neumo.core.labels import LABELS
from neumo.evaluation.sources.evaluate import evaluate_sources
from neumo.evaluation.sources.values import METRICS, Images, worst_sources

NORMAL, BACTERIAL, VIRAL, PNEUMONIA, OTHER = range(len(LABELS))


def images(
    codes: list[int],
    pneumonia: list[float],
    *,
    source: str = "a",
    view: list[str] | None = None,
    refused: list[str] | None = None,
    sets: NDArray[np.bool_] | None = None,
) -> Images:
    """Images of one source, each of a patient of its own; pneumonia is half bacterial, half viral."""
    chance = np.array(pneumonia)
    return Images(
        sources=(source,) * len(codes),
        views=tuple(view or [""] * len(codes)),
        patients=tuple(f"{source}:{i}" for i in range(len(codes))),
        codes=np.array(codes, dtype=np.int64),
        refused=tuple(refused or [""] * len(codes)),
        probabilities=np.stack([1 - chance, chance / 2, chance / 2], axis=1),
        sets=sets,
    )


def joined(one: Images, other: Images) -> Images:
    return Images(
        sources=one.sources + other.sources,
        views=one.views + other.views,
        patients=one.patients + other.patients,
        codes=np.concatenate([one.codes, other.codes]),
        refused=one.refused + other.refused,
        probabilities=np.concatenate([one.probabilities, other.probabilities]),
    )


def test_a_hospital_that_sends_more_pneumonia_earns_nothing_by_it() -> None:
    """Within each source the probabilities say nothing; pooled, the hospital would tell."""
    mostly_well = images([NORMAL] * 90 + [PNEUMONIA] * 10, [0.1] * 100)
    mostly_sick = images([NORMAL] * 10 + [PNEUMONIA] * 90, [0.9] * 100, source="b")
    both = joined(mostly_well, mostly_sick)
    assert roc_auc_score(both.codes != NORMAL, 1 - both.probabilities[:, 0]) == pytest.approx(0.9)
    for one in evaluate_sources(both, resamples=40):
        assert one.figures["auroc_normal_vs_pneumonia"].value == 0.5


def test_partial_labels_count_where_they_decide() -> None:
    """Pneumonia of unknown cause is pneumonia; other disease is neither, and has a share of its own."""
    (one,) = evaluate_sources(
        images([NORMAL, NORMAL, PNEUMONIA, VIRAL, OTHER, OTHER], [0.1, 0.6, 0.9, 0.2, 0.7, 0.1]), resamples=40
    )
    figures = one.figures
    assert figures["sensitivity"].value == figures["specificity"].value == 0.5
    assert figures["other_disease_called_pneumonia"].value == 0.5
    assert figures["auroc_normal_vs_pneumonia"].value == 0.75
    assert "accuracy" not in figures and "auroc_bacterial_vs_viral" not in figures
    assert one.labels == {"NORMAL": 2, "VIRAL_PNEUMONIA": 1, "PNEUMONIA": 1, "OTHER_ABNORMAL": 2}


def test_three_findings_are_measured_where_a_source_has_them() -> None:
    (one,) = evaluate_sources(
        images([NORMAL, BACTERIAL, VIRAL, PNEUMONIA], [0.1, 0.9, 0.9, 0.9]), resamples=40
    )
    assert one.figures["accuracy"].value == pytest.approx(2 / 3)
    assert one.figures["auroc_bacterial_vs_viral"].value == 0.5


def test_a_set_covers_an_outcome_by_any_of_its_findings() -> None:
    sets = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=bool)
    codes = [NORMAL, NORMAL, PNEUMONIA, BACTERIAL, VIRAL]
    (one,) = evaluate_sources(images(codes, [0.1, 0.9, 0.5, 0.9, 0.1], sets=sets), resamples=40)
    assert one.figures["coverage_normal"].value == 0.5
    assert one.figures["coverage_pneumonia"].value == pytest.approx(2 / 3)
    assert one.figures["undetermined"].value == 0.2


def test_refusals_are_counted_and_judge_nothing() -> None:
    codes, chances = [NORMAL, NORMAL, PNEUMONIA, PNEUMONIA], [0.1, 0.9, 0.9, 0.0]
    (one,) = evaluate_sources(images(codes, chances, refused=["", "blank", "", "blank"]), resamples=40)
    assert one.images == 4 and one.refused == {"blank": 2} and one.share_refused.value == 0.5
    assert one.figures["sensitivity"].value == one.figures["specificity"].value == 1.0


def test_a_source_that_is_refused_whole_is_told() -> None:
    (one,) = evaluate_sources(images([NORMAL, PNEUMONIA], [0.0, 0.0], refused=["blank"] * 2), resamples=40)
    assert one.figures == {} and one.share_refused.value == 1.0
    assert one.to_json()["refused"] == {"blank": 2}


def test_views_that_hold_both_outcomes_are_measured_by_themselves() -> None:
    codes = [NORMAL, PNEUMONIA, NORMAL, PNEUMONIA, NORMAL]
    views = ["PA", "PA", "AP", "AP", "LATERAL"]
    (one,) = evaluate_sources(images(codes, [0.1, 0.9, 0.9, 0.1, 0.1], view=views), resamples=40)
    assert {view: figures["auroc_normal_vs_pneumonia"].value for view, figures in one.by_view.items()} == {
        "AP": 0.0,
        "PA": 1.0,
    }


def test_the_worst_source_is_named_for_each_metric() -> None:
    good = images([NORMAL, PNEUMONIA, OTHER], [0.1, 0.9, 0.1], source="good")
    bad = images([NORMAL, PNEUMONIA, OTHER], [0.9, 0.1, 0.9], source="bad")
    evaluated = evaluate_sources(joined(good, bad), resamples=40)
    worst = worst_sources(evaluated)
    assert set(worst.values()) == {"bad"} and worst.keys() <= set(METRICS)
    assert "other_disease_called_pneumonia" in worst
    assert worst_sources(evaluated[:1]) == {}


def test_calibration_of_pneumonia_is_seen_where_the_decision_is_right() -> None:
    """Right decisions with probabilities that are too low: their distance is the error."""
    codes = [NORMAL] * 50 + [PNEUMONIA] * 50
    (one,) = evaluate_sources(images(codes, [0.0] * 50 + [0.6] * 50), resamples=40)
    assert one.figures["calibration_error_pneumonia"].value == pytest.approx(0.2)


def test_answers_of_other_images_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="do not belong together"):
        Images(("a",), ("",), ("p",), np.array([0]), ("",), np.ones((2, 3)) / 3)
