from dataclasses import replace

import pytest
from sqlalchemy import Engine
from tests.support.stored_readings import keep, refused

from neumo.core.decision import Conclusion
from neumo.core.errors import ArchiveError
from neumo.core.reading import Status
from neumo.records.audit_log import verify
from neumo.records.decisions import record_decision, record_view, record_views
from neumo.records.stored_reading import View, stored_reading


def test_decisions_are_all_kept_and_a_stale_one_is_refused(archive: Engine) -> None:
    number = keep(archive, refused())
    record_view(archive, number, person="ana")
    assert record_decision(archive, number, person="ana", conclusion=Conclusion.NORMAL, seen_revision=0) == 1
    with pytest.raises(ArchiveError, match="meanwhile"):
        record_decision(archive, number, person="bo", conclusion=Conclusion.NORMAL, seen_revision=0)
    assert record_decision(archive, number, person="bo", conclusion=Conclusion.NORMAL) == 2


@pytest.mark.parametrize("status", [Status.REFUSED, Status.FAILED])
@pytest.mark.parametrize("conclusion", Conclusion)
def test_refused_and_failed_readings_are_decided_on_too(
    archive: Engine, conclusion: Conclusion, status: Status
) -> None:
    number = keep(archive, replace(refused(), status=status))
    other = "effusion" if conclusion is Conclusion.OTHER_ABNORMAL else ""
    record_decision(archive, number, person="ana", conclusion=conclusion, abnormality=other)
    decision = stored_reading(archive, number).decision
    assert decision is not None and (decision.conclusion, decision.agrees) == (conclusion, None)


def test_a_person_whose_view_is_recorded_is_not_blinded(archive: Engine) -> None:
    number = keep(archive, refused())
    record_views(archive, [number], person="ana")
    for person, blinded in (("ana", False), ("bo", True)):
        record_decision(archive, number, person=person, conclusion=Conclusion.NORMAL, blinded=True)
        assert stored_reading(archive, number).decisions[-1].blinded is blinded
    assert not verify(archive).faults


def test_views_are_returned_as_they_are_stored(archive: Engine) -> None:
    number = keep(archive, refused())
    views = (record_view(archive, number, person="ana"), record_view(archive, number, person="bo"))
    assert isinstance(views[0], View)
    assert stored_reading(archive, number).views == views


def test_names_and_notes_that_no_database_stores_are_escaped(archive: Engine) -> None:
    number = keep(archive, refused())
    record_decision(archive, number, person="a\0b", conclusion=Conclusion.NORMAL, note="x\0y")
    (decision,) = stored_reading(archive, number).decisions
    assert (decision.person, decision.note) == ("a\\x00b", "x\\x00y")
    assert not verify(archive).faults


@pytest.mark.parametrize("person", ["", " ", "x" * 129])
def test_a_person_without_a_usable_name_is_refused(archive: Engine, person: str) -> None:
    number = keep(archive, refused())
    with pytest.raises(ArchiveError, match="give 1 to 128 characters"):
        record_view(archive, number, person=person)
    with pytest.raises(ArchiveError, match="give 1 to 128 characters"):
        record_decision(archive, number, person=person, conclusion=Conclusion.NORMAL)


@pytest.mark.parametrize("number", [-1, 0, 7, 2**31, 2**70])
def test_a_reading_that_is_not_there_is_named(archive: Engine, number: int) -> None:
    for ask in (
        lambda: stored_reading(archive, number),
        lambda: record_view(archive, number, person="ana"),
        lambda: record_decision(archive, number, person="ana", conclusion=Conclusion.NORMAL),
    ):
        with pytest.raises(ArchiveError, match=f"reading {number}: not in this archive"):
            ask()
