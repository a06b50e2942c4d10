from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tiny_bundle import MEASURED

from neumo.core.evidence import AT_COMMISSIONING, Evidence, bearing_on, leading
from neumo.core.findings import FINDINGS
from neumo.inference.performance import measured_for, ordered_as, predictive_values

ERROR = replace(MEASURED[0], metric="expected_calibration_error", value=0.1, conditions={})
COVERED = replace(MEASURED[0], metric="coverage", conditions={"coverage": 0.9, "finding": "NORMAL"})


def test_an_answer_gets_what_bears_on_it_and_nothing_that_chose_its_threshold() -> None:
    flattering = tuple(replace(entry, data="set, held-out folds", value=1.0) for entry in (*MEASURED, ERROR))
    other = (
        replace(COVERED, conditions={"coverage": 0.95, "finding": "NORMAL"}),
        replace(COVERED, conditions={"coverage": 0.9, "finding": None}),
        replace(ERROR, conditions={"damage": "blur", "strength": 1}),
    )
    found = measured_for((*flattering, *MEASURED, ERROR, COVERED, *other), "balanced", 0.9, FINDINGS)
    assert found == (*MEASURED[:2], ERROR, COVERED)


def test_predictive_values_of_a_thousand_patients() -> None:
    ppv, npv = predictive_values(MEASURED[:2], 0.1)
    assert (ppv.metric, npv.metric) == ("ppv", "npv")
    assert ppv.value == pytest.approx(90 / (90 + 180)) and npv.value == pytest.approx(720 / (720 + 10))
    assert (
        ppv.conditions == {"operating_point": "balanced", "prevalence": 0.1} and ppv.data == "phantoms, test"
    )
    assert predictive_values(MEASURED[:1], 0.1) == ()


def test_their_intervals_are_those_of_a_simulation() -> None:
    """Sensitivity of 300 and specificity of 150 patients, drawn anew 40,000 times."""
    import numpy as np

    from neumo.evaluation.uncertainty.exact import clopper_pearson

    sick, well, prevalence = 300, 150, 0.1
    found, cleared = clopper_pearson(270, sick), clopper_pearson(120, well)
    measured = [
        replace(entry, value=rate.value, low=rate.low, high=rate.high)
        for entry, rate in zip(MEASURED[:2], (found, cleared), strict=True)
    ]
    rng = np.random.default_rng(0)
    hits, passed = rng.binomial(sick, 0.9, 40_000) / sick, rng.binomial(well, 0.8, 40_000) / well
    true = hits * prevalence, (1 - passed) * (1 - prevalence)
    low, high = np.quantile(true[0] / (true[0] + true[1]), [0.025, 0.975])
    ppv, _ = predictive_values(measured, prevalence)
    assert ppv.low is not None and ppv.high is not None
    assert abs(ppv.low - low) < 0.02 and abs(ppv.high - high) < 0.02 and ppv.low < low + 0.005


def of(data: str, *entries: Evidence, **changes: Any) -> tuple[Evidence, ...]:
    return tuple(replace(entry, data=data, **changes) for entry in entries)


LIMA, TOLEDO = (of(data, *MEASURED[:2]) for data in ("Lima, test", "Toledo, test"))
HERE = of(f"Toboso, {AT_COMMISSIONING}", *MEASURED[:2], value=0.7, low=0.6, high=0.8)


def aged(evidence: tuple[Evidence, ...], youngest: float, oldest: float) -> tuple[Evidence, ...]:
    return tuple(replace(entry, ages=(youngest, oldest)) for entry in evidence)


@pytest.mark.parametrize(
    ("evidence", "data"),
    [
        ((*LIMA, *TOLEDO), "Lima, test"),
        ((*LIMA, *HERE), HERE[0].data),
        ((*HERE, *LIMA), HERE[0].data),
        ((HERE[0], *LIMA), "Lima, test"),
        ((LIMA[0], TOLEDO[1]), None),
        ((*LIMA, *aged(TOLEDO, 1, 5)), "Toledo, test"),
        ((*aged(LIMA, 18, 80), *TOLEDO), "Toledo, test"),
        ((*aged(LIMA, 18, 80), *aged(TOLEDO, 1, 5)), "Toledo, test"),
        ((*aged(TOLEDO, 1, 5), *HERE), HERE[0].data),
        ((*aged(HERE, 18, 80), *LIMA), "Lima, test"),
        ((*aged(LIMA, 18, 80), *aged(HERE, 20, 70)), HERE[0].data),
    ],
    ids=[
        "the first",
        "the site's",
        "the site's before others",
        "no half",
        "no mixture",
        "his age before unknown ones",
        "unknown ages before others",
        "his age before others",
        "the site's before his age",
        "any before the site's of other ages",
        "of other ages only the site's",
    ],
)
def test_what_an_answer_is_weighed_by_is_of_one_set_of_data(
    evidence: tuple[Evidence, ...], data: str | None
) -> None:
    ordered = bearing_on(evidence, 5.5)
    predicted = predictive_values(ordered, 0.1)
    chosen = leading((*ordered, ERROR, *predicted))
    assert {entry.data for entry in chosen} == (set() if data is None else {data})
    names = [] if data is None else ["sensitivity", "specificity", "ppv", "npv"]
    assert [entry.metric for entry in chosen] == names


def test_without_an_age_evidence_stays_in_its_order_but_for_the_site_s() -> None:
    evidence = (*aged(LIMA, 18, 80), *TOLEDO, *aged(HERE, 1, 5))
    assert bearing_on(evidence, None) == (*evidence[4:], *evidence[:4])


def test_what_led_at_one_prevalence_leads_at_another() -> None:
    evidence = (*aged(LIMA, 18, 80), *aged(TOLEDO, 1, 5))
    assert ordered_as(evidence, bearing_on(evidence, 4)) == bearing_on(evidence, 4) != evidence


def test_a_record_of_before_keeps_its_predictive_values_with_their_data() -> None:
    recorded = (*LIMA, *TOLEDO, *predictive_values(TOLEDO, 0.1))
    assert {entry.data for entry in leading(recorded)} == {"Toledo, test"}


rates = st.tuples(*[st.floats(0, 1)] * 3).map(sorted)


@given(rates, rates, st.floats(1e-6, 1 - 1e-6))
def test_intervals_hold_their_value_whatever_was_measured(
    sensitivity: list[float], specificity: list[float], prevalence: float
) -> None:
    def entry(metric: str, rate: list[float]) -> Evidence:
        return replace(MEASURED[0], metric=metric, low=rate[0], value=rate[1], high=rate[2])

    for found in predictive_values(
        [entry("sensitivity", sensitivity), entry("specificity", specificity)], prevalence
    ):
        assert found.value is not None and found.low is not None and found.high is not None
        assert 0 <= found.low <= found.value <= found.high <= 1
