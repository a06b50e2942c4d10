"""Filters of a blinded person's worklist."""

from dataclasses import replace

import pytest

from neumo.core.answer import Verdict
from neumo.core.findings import Finding
from neumo.core.reading import Status
from neumo.records.filters import Filters, Sort
from neumo.web.people.accounts import Preferences, Role
from neumo.web.people.identity import Person
from neumo.web.readings.blinding import blinded

CLEO = Person("cleo", Role.READER, frozenset(), Preferences(), "", blinded=True)


@pytest.mark.parametrize(
    "telling",
    [Filters(finding=Finding.NORMAL), Filters(verdict=Verdict.NO_PNEUMONIA), Filters(disagreement=False)],
)
def test_filters_that_tell_of_answers_match_only_what_the_person_decided(telling: Filters) -> None:
    assert blinded(telling, CLEO) == replace(telling, decided_by="cleo")
    # Nothing at all matches what is both decided and not decided by her.
    undone = blinded(replace(telling, decided=False), CLEO)
    assert undone == replace(telling, decided_by="cleo", not_decided_by="cleo")


@pytest.mark.parametrize("sort", [Sort.PNEUMONIA_FALLING, Sort.PNEUMONIA_RISING])
def test_an_order_by_probability_tells_too(sort: Sort) -> None:
    assert blinded(Filters(), CLEO, sort) == Filters(decided_by="cleo")


def test_other_filters_stay_and_decided_is_about_the_person() -> None:
    silent = Filters(text="a", status=Status.READ, source="web", since="2026-01-01", ids=(1,))
    assert blinded(silent, CLEO, Sort.OLDEST) == silent
    assert blinded(Filters(decided=True), CLEO) == Filters(decided_by="cleo")
    assert blinded(Filters(decided=False), CLEO) == Filters(not_decided_by="cleo")


def test_nothing_changes_for_somebody_who_is_not_blinded() -> None:
    filters = Filters(finding=Finding.NORMAL, decided=False)
    assert blinded(filters, replace(CLEO, blinded=False), Sort.PNEUMONIA_RISING) == filters
