"""Readings put on record together."""

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, func, select

from neumo.core.errors import ArchiveError
from neumo.core.reading import Reading, Status
from neumo.records.audit_log import verify
from neumo.records.database import reading_session
from neumo.records.schema import AuditRow, ReadingRow, ViewRow
from neumo.records.store import Entry, record_all
from neumo.records.subjects import subject_of


def entry(name: str, **named: str) -> Entry:
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), Status.REFUSED)
    return Entry(reading.to_json(), "web", "ana", **named)  # type: ignore[arg-type]


def test_one_transaction_keeps_several_readings_and_who_was_shown_them(archive: Engine) -> None:
    commits: list[object] = []
    event.listen(archive, "commit", commits.append)
    recorded = record_all(archive, [entry("a", shown_to="ana"), entry("b"), entry("c", shown_to="ben")])
    assert len(commits) == 1
    assert len({one.id for one in recorded}) == 3 and all(one.body is not None for one in recorded)
    with reading_session(archive) as session:
        views = session.execute(select(ViewRow.reading_id, ViewRow.person).order_by(ViewRow.id)).all()
        actions = list(session.scalars(select(AuditRow.action).order_by(AuditRow.sequence)))
    assert [tuple(view) for view in views] == [(recorded[0].id, "ana"), (recorded[2].id, "ben")]
    assert actions == ["record", "view", "record", "record", "view"]
    verdict = verify(archive)
    assert (verdict.faults, verdict.checkpoint.count) == ((), 5)


def test_the_same_bytes_are_one_reading_within_a_transaction_and_after_it(archive: Engine) -> None:
    first, second = record_all(archive, [entry("a"), entry("a", shown_to="ben")])
    (third,) = record_all(archive, [entry("a")])
    assert (first.id, second.id, third.id) == (first.id,) * 3
    assert first.body is not None and second.body is None and third.body is None
    assert first.recorded_at == second.recorded_at == third.recorded_at
    assert verify(archive).faults == ()


def test_a_subject_is_kept_once(archive: Engine) -> None:
    subject = subject_of(b"k" * 32, sop_instance_uid="1.2")
    entries = [replace(entry(digit), subject=subject) for digit in "ab"]
    record_all(archive, entries)
    with reading_session(archive) as session:
        assert len(set(session.scalars(select(ReadingRow.subject_id)))) == 1
    assert verify(archive).faults == ()


def test_all_or_none(archive: Engine) -> None:
    with pytest.raises(ArchiveError, match="person"):
        record_all(archive, [entry("a"), entry("b", shown_to=" ")])
    with reading_session(archive) as session:
        assert session.scalar(select(func.count()).select_from(ReadingRow)) == 0
    assert record_all(archive, []) == ()
