"""Decisions of people: who agrees with what, and which decision stands."""

from itertools import chain, combinations

import pytest

from neumo.core.decision import CONCLUSIONS, Conclusion, Decision, agreement, conclusion_of, standing
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PartialLabel

N, B, V = FINDINGS
SETS = list(chain.from_iterable(combinations(FINDINGS, size) for size in range(4)))
"""Every prediction set, and none."""


def made(revision: int, verifier: str | None = None) -> Decision:
    return Decision(revision, "ana", "2026-01-01", Conclusion.NORMAL, "", None, False, "", verifier, verifier)


@pytest.mark.parametrize(
    ("prediction_set", "expected"),
    [
        ((N,), Conclusion.NORMAL),
        ((B,), Conclusion.BACTERIAL_PNEUMONIA),
        ((V,), Conclusion.VIRAL_PNEUMONIA),
        ((B, V), Conclusion.PNEUMONIA),
        ((), None),
        ((N, B), None),
        ((N, V), None),
        (FINDINGS, None),
    ],
)
def test_who_agrees_concludes_what_the_reading_states(
    prediction_set: tuple[Finding, ...], expected: Conclusion | None
) -> None:
    assert conclusion_of(prediction_set) is expected


@pytest.mark.parametrize("prediction_set", SETS)
@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_agreement_of_every_conclusion_with_every_reading(
    conclusion: Conclusion, prediction_set: tuple[Finding, ...]
) -> None:
    said, agrees = conclusion_of(prediction_set), agreement(conclusion, prediction_set)
    if not prediction_set:
        assert agrees is None, "there is nothing to agree with"
    elif not conclusion.findings & set(prediction_set):
        assert agrees is False, "the reading excludes it"
    else:
        assert agrees is (None if said is None else True)
    if conclusion is said:
        assert agrees is True


def test_conclusions_are_named_as_findings_and_labels_of_data_sets_are() -> None:
    assert {*Finding, *PartialLabel} <= {each.value for each in Conclusion}


def test_pneumonia_is_stated_excluded_or_left_open() -> None:
    assert [each for each in Conclusion if each.pneumonia] == [
        Conclusion.BACTERIAL_PNEUMONIA,
        Conclusion.VIRAL_PNEUMONIA,
        Conclusion.PNEUMONIA,
    ]
    assert [each for each in Conclusion if each.pneumonia is None] == [
        Conclusion.INADEQUATE_IMAGE,
        Conclusion.WRONG_IMAGE,
    ]


def test_the_newest_verified_decision_stands_else_the_newest() -> None:
    first, signed, last = made(1), made(2, "García^Ana"), made(3)
    assert standing([]) is None
    assert standing([first, last]) is last
    assert standing([first, signed, last]) is signed and signed.verified


def test_the_plain_form_comes_back() -> None:
    decision = made(3, "García^Ana")
    assert Decision.from_json({**decision.to_json(), "shown_at": None}) == decision
