import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from tests.support.report_samples import Simulate

from neumo.core.errors import EvaluationError
from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.subgroups.age import age_band
from neumo.evaluation.subgroups.evaluate import MIN_PATIENTS, evaluate_by


def joined(name: str, values: tuple[str, ...], *parts: Predictions) -> Predictions:
    """All images of the parts, each part with its value in a column."""
    return Predictions(
        paths=tuple(f"{v}/{path}" for v, p in zip(values, parts, strict=True) for path in p.paths),
        patients=tuple(f"{v}/{one}" for v, p in zip(values, parts, strict=True) for one in p.patients),
        truth=np.concatenate([p.truth for p in parts]),
        probabilities=np.concatenate([p.probabilities for p in parts]),
        attributes={name: tuple(v for v, p in zip(values, parts, strict=True) for _ in p.paths)},
    )


def test_each_group_is_evaluated_on_its_own_images(simulate: Simulate) -> None:
    women, men = simulate(300, strength=3.0), simulate(300, strength=1.0, seed=5)
    report = evaluate_by(joined("sex", ("F", "M"), women, men), "sex", resamples=200)
    assert [g.name for g in report.groups] == ["F", "M"]
    for group, alone in zip(report.groups, (women, men), strict=True):
        expected = evaluate(alone, resamples=200)
        assert group.figures["accuracy"] == expected.overall["accuracy"]
        assert group.figures["recall_NORMAL"] == expected.by_class[0].recall
        assert group.figures["sensitivity"] == expected.decisions[0].sensitivity
        assert group.patients_with_pneumonia == int((alone.truth > 0).sum())


def test_gaps_tell_the_worse_served_group_with_an_interval(simulate: Simulate) -> None:
    women, men = simulate(400, strength=4.0), simulate(400, strength=2.5, seed=5)
    predictions = joined("sex", ("F", "M"), women, men)
    report = evaluate_by(predictions, "sex", resamples=300)
    by_name = {g.name: g.figures for g in report.groups}
    gaps = {gap.figure: gap for gap in report.gaps}
    assert set(gaps) == {"accuracy", "sensitivity", "specificity"}
    for figure, gap in gaps.items():
        low, high = by_name["M"][figure].value, by_name["F"][figure].value
        assert (gap.lowest, gap.highest) == ("M", "F")
        assert gap.difference.value == pytest.approx(high - low)
        assert gap.ratio == pytest.approx(low / high)
        assert gap.difference.low < gap.difference.value < gap.difference.high
    assert gaps["accuracy"].difference.low > 0
    assert report.equalized_odds_difference == pytest.approx(
        max(gaps["sensitivity"].difference.value, gaps["specificity"].difference.value)
    )


def test_equally_served_groups_show_no_gap(simulate: Simulate) -> None:
    same = simulate(400, strength=3.0)
    report = evaluate_by(joined("sex", ("F", "M"), same, same), "sex", resamples=200)
    for gap in report.gaps:
        assert gap.difference.value == 0.0
        assert gap.difference.low < 0.0 < gap.difference.high
        assert gap.lowest != gap.highest


def test_a_group_of_few_patients_is_flagged_and_left_out_of_gaps(simulate: Simulate) -> None:
    many, few = simulate(400, strength=3.0), simulate(30, images_per_patient=2, seed=2)
    report = evaluate_by(joined("source", ("A", "B"), many, few), "source", resamples=100)
    large, flagged = report.groups
    assert large.judgeable and not flagged.judgeable
    assert "few-without-pneumonia" in flagged.reasons
    assert report.gaps == ()
    assert np.isnan(report.equalized_odds_difference)
    assert large.words("en") == "Large enough to evaluate."
    assert large.words("es") == "Tamaño suficiente para evaluar."
    assert (
        f"too few patients without pneumonia ({flagged.patients_without_pneumonia}, at least 17 needed)"
        in (flagged.words("en"))
    )
    assert "muy pocos pacientes sin neumonía" in flagged.words("es")


def test_an_imprecise_group_is_flagged_whatever_its_number(simulate: Simulate) -> None:
    report = evaluate_by(
        joined("source", ("A",), simulate(70, strength=0.6)), "source", minimum=1, resamples=100
    )
    assert report.groups[0].reasons == ("imprecise",)
    assert report.groups[0].words("en") == (
        "Too small to evaluate: the interval of sensitivity or specificity is wider than ±0.1."
    )


def test_a_group_without_pneumonia_is_reported_with_what_can_be_measured(simulate: Simulate) -> None:
    report = evaluate_by(joined("view", ("AP",), simulate(40, classes=(0,))), "view", resamples=100)
    figures = report.groups[0].figures
    assert np.isfinite(figures["specificity"].value)
    assert np.isnan(figures["sensitivity"].value)
    plain = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert plain["groups"][0]["figures"]["sensitivity"]["value"] is None
    assert plain["groups"][0]["judgeable"] is False


def test_least_patients_is_where_a_faultless_figure_becomes_exact_enough() -> None:
    widths = [
        np.diff(binomtest(n, n).proportion_ci(0.95, method="exact"))[0]
        for n in (MIN_PATIENTS - 1, MIN_PATIENTS)
    ]
    assert widths[0] > 0.2 >= widths[1]


def test_missing_values_are_a_group_of_their_own_at_the_end(simulate: Simulate) -> None:
    predictions = joined("sex", ("z", " ", "F"), *(simulate(20, seed=i) for i in range(3)))
    assert [g.name for g in evaluate_by(predictions, "sex", resamples=50).groups] == ["F", "z", "unknown"]


def test_ages_are_banded_from_young_to_old(simulate: Simulate) -> None:
    predictions = joined("age", ("70", "3", "006M", "", "20.5"), *(simulate(12, seed=i) for i in range(5)))
    names = [g.name for g in evaluate_by(predictions, "age", resamples=50).groups]
    assert names == ["<1", "1–5", "18–64", "65+", "unknown"]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("0", "<1"),
        ("011M", "<1"),
        ("012M", "1–5"),
        ("5.99", "1–5"),
        ("006Y", "6–17"),
        ("17.9", "6–17"),
        ("18", "18–64"),
        ("065y", "65+"),
        ("020D", "<1"),
        ("-1", "unknown"),
        ("999", "unknown"),
        ("nan", "unknown"),
        ("adult", "unknown"),
        ("", "unknown"),
    ],
)
def test_age_band(age: str, band: str) -> None:
    assert age_band(age) == band


def test_an_unknown_column_names_those_there_are(simulate: Simulate) -> None:
    predictions = joined("sex", ("F",), simulate(20))
    with pytest.raises(EvaluationError, match=r"'view'.*they have: sex"):
        evaluate_by(predictions, "view")
    with pytest.raises(EvaluationError, match="none; add one to the manifest"):
        evaluate_by(replace(predictions, attributes={}), "sex")
