from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import DBAPIError
from tests.support.stored_readings import keep, refused

from neumo.core.errors import ArchiveError
from neumo.core.reading import Reading, Status
from neumo.records.audit_log import verify
from neumo.records.database import reading_session
from neumo.records.schema import AuditRow, ReadingRow, ViewRow
from neumo.records.store import Entry, record, record_all
from neumo.records.stored_reading import stored_reading
from neumo.records.subjects import Subject, subject_of


def test_the_same_bytes_bundle_and_options_are_kept_once_wherever_the_file_lies(archive: Engine) -> None:
    reading = replace(refused(), receipt={"bundle": {"digest": "b"}, "options": {"coverage": "0.9"}})
    assert keep(archive, reading) == keep(archive, replace(reading, file="elsewhere/b.png"))
    others = [
        replace(reading, receipt={"bundle": {"digest": "c"}, "options": {"coverage": "0.9"}}),
        replace(reading, receipt={"bundle": {"digest": "b"}, "options": {"coverage": "0.95"}}),
        refused("other bytes"),
    ]
    assert len({keep(archive, other) for other in others} | {keep(archive, reading)}) == 4
    assert verify(archive).checkpoint.count == 4


def test_a_path_that_no_database_stores_is_escaped(archive: Engine) -> None:
    name = b"w\xffard/\xc3\xad.png".decode("utf-8", "surrogateescape")
    number = keep(archive, Reading(name, "0" * 64, Status.REFUSED))
    assert stored_reading(archive, number).body["file"] == "w\\udcffard/í.png"
    assert not verify(archive).faults


def test_the_database_refuses_to_change_a_subject(archive: Engine) -> None:
    subject = subject_of(b"k" * 32, sop_instance_uid="1.2", patient_id="4711")
    record(archive, refused(), source="ward", actor="t", subject=subject)
    for change in ("UPDATE subjects SET patient_hash = 'x'", "DELETE FROM subjects"):
        with pytest.raises(DBAPIError, match="neither changed nor deleted"), archive.begin() as connection:
            connection.execute(text(change))
    assert not verify(archive).faults


def entry(name: str, shown_to: str | None = None, subject: Subject | None = None) -> Entry:
    return Entry(refused(name).to_json(), "web", "ana", subject, shown_to)


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
    entries = [entry(digit, subject=subject) for digit in "ab"]
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
