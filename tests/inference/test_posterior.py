from dataclasses import replace
from functools import cache
from itertools import product
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tiny_bundle import CONFIGURATION, MEASURED, uncertain

from neumo.bundle.config import OperatingPoint
from neumo.bundle.folder import Bundle, load_bundle
from neumo.core.answer import Answer, Etiology, Verdict
from neumo.core.errors import ConfigError
from neumo.core.evidence import Evidence
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT, Outcome, PartialLabel
from neumo.inference.posterior import (
    answer_at,
    by_finding,
    calibrated,
    make_answer,
    prediction_set,
    prevalence_of,
    reweighted,
)

NORMAL, BACTERIAL, VIRAL = FINDINGS
PNEUMONIA: Final = PartialLabel.PNEUMONIA


def shares(probabilities: np.ndarray) -> dict[Outcome, float]:
    return dict(zip(FINDINGS, probabilities.tolist(), strict=True))


def test_temperature_softens_without_changing_the_order() -> None:
    logits = np.array([[2.0, -1.0, 0.5], [800.0, -800.0, 0.0]], dtype=np.float32)
    sharp, soft = calibrated(logits, 1.0), calibrated(logits, 2.0)
    np.testing.assert_allclose(sharp[0], np.exp([2.0, -1.0, 0.5]) / np.exp([2.0, -1.0, 0.5]).sum())
    assert soft[0].max() < sharp[0].max()
    assert (soft.argsort(axis=1)[0] == sharp.argsort(axis=1)[0]).all()
    assert np.isfinite(soft).all()


def test_reweighting_counts_as_bayes_does() -> None:
    """Of 1,000 images at the new prevalence, those with this likelihood ratio are counted out."""
    likelihoods = np.array([0.2, 0.5, 0.1])
    at_uniform = likelihoods / likelihoods.sum()
    prevalence = prevalence_of({NORMAL: 0.8, BACTERIAL: 0.15, VIRAL: 0.05}, CONFIGURATION)
    counts = likelihoods * np.array([800, 150, 50])
    assert reweighted(shares(at_uniform), CONFIGURATION.priors, prevalence.shares) == pytest.approx(
        shares(counts / counts.sum())
    )


@given(st.floats(0.001, 0.999), st.floats(-8, 8), st.floats(-8, 8))
def test_rarer_pneumonia_never_becomes_more_probable(prevalence: float, first: float, second: float) -> None:
    base = calibrated(np.array([0.0, first, second], dtype=np.float32), 1.0)
    wanted = prevalence_of(prevalence, CONFIGURATION).shares
    shown = np.array(list(reweighted(shares(base), CONFIGURATION.priors, wanted).values()))
    assert shown.sum() == pytest.approx(1)
    rarer = prevalence < 2 / 3  # the bundle's priors are a third each
    assert (shown[0] >= base[0] - 1e-12) if rarer else (shown[0] <= base[0] + 1e-12)
    assert shown[1] * base[2] == pytest.approx(shown[2] * base[1]), "their ratio is the bundle's"


@pytest.mark.parametrize(
    "wrong", [0, 1, -0.1, 1.5, float("nan"), {NORMAL: 0.5, BACTERIAL: 0.5}, {NORMAL: 0.9}]
)
def test_what_is_no_prevalence_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="prevalence"):
        prevalence_of(wrong, CONFIGURATION)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ((0.9, 0.05, 0.05), (NORMAL,)),
        ((0.5, 0.5, 0.0), (NORMAL, BACTERIAL)),
        ((0.42, 0.33, 0.25), (NORMAL, VIRAL)),
    ],
)
def test_a_finding_is_in_the_set_up_to_its_own_limit(
    probabilities: tuple[float, ...], expected: tuple[Finding, ...]
) -> None:
    shown = shares(np.array(probabilities))
    assert prediction_set(shown, uncertain(VIRAL, 0.75)[0.9], shown=shown, pneumonia=False) == expected


logits = st.floats(-12, 12, width=32)
limits = st.fixed_dictionaries({finding: st.floats(0, 1) for finding in FINDINGS})


@given(
    logits=st.tuples(logits, logits, logits),
    threshold=st.floats(0.001, 0.999),
    narrow=limits,
    more=limits,
    prevalence=st.none() | st.floats(0.001, 0.999),
    evidence=st.sampled_from([(), MEASURED]),
    point=st.sampled_from(["balanced", "high_sensitivity"]),
    etiology=st.booleans(),
    whole=st.none() | st.floats(0, 1),
)
def test_no_answer_contradicts_itself(
    logits: tuple[float, float, float],
    threshold: float,
    narrow: dict[Finding, float],
    more: dict[Finding, float],
    prevalence: float | None,
    evidence: tuple[Evidence, ...],
    point: str,
    etiology: bool,
    whole: float | None,
) -> None:
    """Whatever the logits, operating point, limits, prevalence and age: all parts of an answer say the same."""
    wide = {finding: max(narrow[finding], more[finding]) for finding in FINDINGS}
    of_pneumonia = {} if whole is None else {PNEUMONIA: whole}
    config = replace(
        CONFIGURATION,
        operating_points={point: OperatingPoint(threshold, 0.9, 0.9, "")},
        conformal={0.9: {**narrow, **of_pneumonia}, 0.95: {**wide, **of_pneumonia}},
    )
    place = None if prevalence is None else prevalence_of(prevalence, config)
    base = calibrated(np.array(logits, dtype=np.float32), config.temperature)
    answer, wider = (
        make_answer(
            base,
            config,
            operating_point=point,
            coverage=coverage,
            prevalence=place,
            evidence=evidence,
            etiology=etiology,
        )
        for coverage in (0.9, 0.95)
    )
    held = set(answer.prediction_set)
    assert held and answer.finding in held and held <= set(wider.prediction_set)
    within: set[Outcome]
    if etiology:
        within = {f for f in FINDINGS if 1 - base[f.index] <= narrow[f]}
    elif whole is None:
        within = {PNEUMONIA if f is not NORMAL else f for f in FINDINGS if 1 - base[f.index] <= narrow[f]}
    else:
        within = {NORMAL} if 1 - base[0] <= narrow[NORMAL] else set()
        within |= {PNEUMONIA} if base[0] < whole - 1e-9 else set()
    assert held >= within, "coverage is kept in every class"
    outcomes = FINDINGS if etiology else PNEUMONIA_OR_NOT
    assert answer.outcomes == tuple(answer.probabilities) == outcomes and held <= set(outcomes)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer.finding is max(outcomes, key=lambda outcome: answer.probabilities[outcome])
    normal, kinds = NORMAL in held, [kind for kind in outcomes[1:] if kind in held]
    match answer.verdict:
        case Verdict.PNEUMONIA:
            assert answer.pneumonia and not normal and answer.finding is not NORMAL
        case Verdict.NO_PNEUMONIA:
            assert not answer.pneumonia and answer.finding is NORMAL and answer.etiology is None
        case Verdict.UNDETERMINED:
            assert normal and kinds
    match answer.etiology:
        case None:
            assert answer.verdict is Verdict.NO_PNEUMONIA
        case Etiology.UNDETERMINED:
            assert len(kinds) == 2
        case Etiology.BACTERIAL:
            assert kinds == [BACTERIAL] and answer.finding is not VIRAL
        case Etiology.VIRAL:
            assert kinds == [VIRAL] and answer.finding is not BACTERIAL
        case Etiology.NOT_ASSESSED:
            assert not etiology and kinds == [PNEUMONIA]
    assert etiology or not {"BACTERIAL", "VIRAL"} & set(str(answer.to_json()["probabilities"]).split("_"))
    assert Answer.from_json(answer.to_json()) == answer
    stated = {entry.metric: entry for entry in answer.evidence}
    assert (answer.ppv is not None) is (answer.npv is not None) is bool(evidence and place is not None)
    for metric in ("ppv", "npv"):
        assert (metric in stated) is (getattr(answer, metric) is not None)
    assert all(entry.low <= entry.value <= entry.high for entry in answer.evidence)  # type: ignore[operator]


built_in = cache(load_bundle)


@given(
    logits=st.tuples(logits, logits, logits),
    prevalence=st.none() | st.floats(0.001, 0.999),
    later=st.none() | st.floats(0.001, 0.999),
    etiology=st.booleans(),
)
def test_no_answer_of_the_built_in_bundle_contradicts_itself_at_any_point_coverage_and_prevalence(
    logits: tuple[float, float, float], prevalence: float | None, later: float | None, etiology: bool
) -> None:
    shipped = built_in()
    config = shipped.config
    base = calibrated(np.array(logits, dtype=np.float32), config.temperature)
    here, there = (None if place is None else prevalence_of(place, config) for place in (prevalence, later))
    for point, coverage in product(config.operating_points, config.conformal):
        answer = make_answer(
            base,
            config,
            operating_point=point,
            coverage=coverage,
            prevalence=here,
            evidence=shipped.evidence,
            etiology=etiology,
        )
        for other in config.operating_points:
            for stated in (answer, answer_at(answer, shipped, other, there)):
                held = stated.prediction_set
                assert stated.finding in held
                assert stated.verdict is not Verdict.PNEUMONIA or stated.pneumonia
                assert stated.verdict is not Verdict.NO_PNEUMONIA or held == (NORMAL,)
                assert (stated.etiology is None) is (stated.verdict is Verdict.NO_PNEUMONIA)
                assert (stated.ppv is None) is not stated.prevalence_given
                metrics = [entry.metric for entry in stated.evidence]
                assert stated.outcomes == (FINDINGS if etiology else PNEUMONIA_OR_NOT)
                assert (stated.etiology is Etiology.NOT_ASSESSED) is (
                    not etiology and stated.verdict is not Verdict.NO_PNEUMONIA
                )
                assert metrics.count("coverage") == (3 if etiology else 1) and {
                    "sensitivity",
                    "specificity",
                } < set(metrics)
                assert not any(entry.chose for entry in stated.evidence)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(-6, 6), st.floats(-6, 6), st.booleans())
def test_an_answer_at_another_prevalence_is_the_one_read_with_it(
    bundle: Bundle, before: float, after: float, first: float, second: float, etiology: bool
) -> None:
    base = calibrated(np.array([0.0, first, second], dtype=np.float32), 1.0)
    point = CONFIGURATION.default_operating_point
    old, new = (
        make_answer(
            base,
            CONFIGURATION,
            operating_point=point,
            coverage=0.9,
            prevalence=prevalence_of(prevalence, CONFIGURATION),
            evidence=bundle.evidence,
            etiology=etiology,
        )
        for prevalence in (before, after)
    )
    moved = answer_at(old, bundle, point, prevalence_of(after, CONFIGURATION))
    assert moved.probabilities == pytest.approx(new.probabilities, abs=1e-9)
    assert (moved.prediction_set, moved.prevalence, moved.evidence) == (
        new.prediction_set,
        new.prevalence,
        new.evidence,
    )
    assert make_answer(base, CONFIGURATION, operating_point=point, coverage=0.9).prevalence_given is False


def test_kinds_that_are_not_assessed_share_pneumonia_alike() -> None:
    assert by_finding({NORMAL: 0.4, PNEUMONIA: 0.6}) == {NORMAL: 0.4, BACTERIAL: 0.3, VIRAL: 0.3}
    whole: dict[Outcome, float] = {NORMAL: 0.2, BACTERIAL: 0.5, VIRAL: 0.3}
    assert by_finding(whole) == whole


@pytest.mark.parametrize(
    "changes",
    [
        {"finding": BACTERIAL},
        {"prediction_set": (PNEUMONIA, VIRAL)},
        {"probabilities": {NORMAL: 0.2, PNEUMONIA: 0.4, VIRAL: 0.4}},
        {"probabilities": {NORMAL: 0.2, BACTERIAL: 0.4, VIRAL: 0.4}},
    ],
)
def test_an_answer_of_mixed_outcomes_cannot_be_made(changes: dict[str, object]) -> None:
    answer = make_answer(
        np.array([0.2, 0.4, 0.4]), CONFIGURATION, operating_point="balanced", coverage=0.9, etiology=False
    )
    with pytest.raises(ValueError, match="outcomes"):
        replace(answer, **changes)  # type: ignore[arg-type]
