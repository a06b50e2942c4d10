"""Restated answers and searches by answers on record, and the audit log as people read it."""

import json

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.support.commands import call_neumo
from tests.support.stored_readings import keep, refused

from neumo.core.decision import Conclusion
from neumo.records.answer_searches import note_answer_search
from neumo.records.audit_log import verify
from neumo.records.audit_trail import trail
from neumo.records.changes import changes_since
from neumo.records.decisions import record_decision, record_view
from neumo.records.filters import FilterError
from neumo.records.restatements import note_restatement, restatements_of
from neumo.records.retention import remove
from neumo.records.stored_reading import stored_reading


def _restate(archive: Engine, reading: int, person: str, result: str, prevalence: float | None) -> None:
    note_restatement(
        archive, reading, person=person, result=result, prevalence=prevalence, operating_point="balanced"
    )


def test_who_had_an_answer_stated_otherwise_is_on_record_once(archive: Engine) -> None:
    number = keep(archive, refused())
    for _ in range(2):
        _restate(archive, number, "ana", "screen", 0.2)
    _restate(archive, number, "ana", "report.pdf", 0.2)
    _restate(archive, number, "bo", "screen", None)
    found = restatements_of(archive, number)
    assert [(each.person, str(each)) for each in found] == [
        ("ana", "screen at prevalence 0.2, operating point balanced"),
        ("ana", "report.pdf at prevalence 0.2, operating point balanced"),
        ("bo", "screen at operating point balanced"),
    ]
    assert not verify(archive).faults
    assert changes_since(archive, 1).readings == frozenset()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE restatements SET prevalence = 0.9", "restatements: row 1 was changed"),
        ("DELETE FROM answer_searches", "answer_searches: row 1 was removed"),
    ],
)
def test_they_are_neither_changed_nor_deleted_unseen(archive: Engine, change: str, fault: str) -> None:
    _restate(archive, keep(archive, refused()), "ana", "screen", 0.2)
    note_answer_search(archive, "ana")
    with pytest.raises(DBAPIError, match="neither changed nor deleted"), archive.begin() as connection:
        connection.execute(text(change))
    table = change.removeprefix("UPDATE ").removeprefix("DELETE FROM ").split()[0]
    with archive.begin() as connection:
        if archive.dialect.name == "sqlite":
            for event in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{event}"))
        else:
            connection.execute(text(f"DROP TRIGGER {table}_no_change ON {table}"))
        connection.execute(text(change))
    assert verify(archive).faults == (fault,)


def test_a_search_by_answers_tells_of_all_that_is_on_record_and_of_nothing_later(archive: Engine) -> None:
    first = keep(archive, refused("a"))
    for _ in range(2):
        note_answer_search(archive, "ana")
    later = keep(archive, refused("b"))
    for reading in (first, later):
        for person in ("ana", "bo"):
            record_decision(archive, reading, person=person, conclusion=Conclusion.NORMAL, blinded=True)
    blinded = {
        (number, decision.person): decision.blinded
        for number in (first, later)
        for decision in stored_reading(archive, number).decisions
    }
    assert blinded == {
        (first, "ana"): False, (first, "bo"): True, (later, "ana"): True, (later, "bo"): True,
    }  # fmt: skip
    assert [entry.actor for entry in trail(archive, action="search")] == ["ana"]


def test_the_audit_log_says_who_did_what_to_which_reading(
    archive: Engine, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (keep(archive, refused(name)) for name in "ab")
    record_view(archive, first, person="ana")
    _restate(archive, first, "ana\x1b[31m", "sr.dcm", 0.25)
    record_decision(archive, first, person="bo", conclusion=Conclusion.NORMAL)
    note_answer_search(archive, "cy")
    remove(archive, second, actor="bo", reason="duplicate")
    assert [(e.sequence, e.actor, e.action, e.reading, e.detail) for e in trail(archive)] == [
        (1, "t", "record", first, ""),
        (2, "t", "record", second, ""),
        (3, "ana", "view", first, ""),
        (4, "ana\x1b[31m", "restate", first, "sr.dcm at prevalence 0.25, operating point balanced"),
        (5, "bo", "decision", first, "revision 1, NORMAL"),
        (6, "cy", "search", None, ""),
        (7, "bo", "purge", second, "duplicate"),
    ]
    assert [e.sequence for e in trail(archive, reading=first, last=2)] == [4, 5]
    assert [e.sequence for e in trail(archive, actor="bo", since="2020-01-01")] == [5, 7]
    assert trail(archive, until="2020-01-01") == ()
    with pytest.raises(FilterError, match="since"):
        trail(archive, since="yesterday")

    shown = call_neumo(capsys, "audit", "show", "--database", url, "--reading", first, "--action", "restate")
    assert "restate reading 1: sr.dcm at prevalence 0.25" in shown and "\x1b" not in shown
    lines = call_neumo(capsys, "audit", "show", "--database", url, "--last", 1, "--json").splitlines()
    assert json.loads(lines[0])["detail"] == "duplicate" and len(lines) == 1
    whole = call_neumo(capsys, "archive", "show", first, "--database", url)
    assert "stated otherwise by ana" in whole and "sr.dcm at prevalence 0.25" in whole
