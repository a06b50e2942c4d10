"""Putting readings and people's decisions on record; every write is also an event of the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Reading
from neumo.records import search_index as worklist
from neumo.records.audit_log import insert, now
from neumo.records.canonical import storable
from neumo.records.database import connect, migrate, writing_session
from neumo.records.group_recording import Entry, checked_name, record_together
from neumo.records.schema import MAX_NUMBER, DecisionRow, ReadingRow, ViewRow
from neumo.records.stored_reading import View
from neumo.records.subjects import Subject


def open_archive(url: str) -> Engine:
    """Return the archive at `url`, its tables made or migrated.

    Raises
    ------
    ArchiveError
        The URL cannot be used, or a newer neumo wrote the database.
    ArchiveUnavailableError
        The database cannot be reached.
    """
    engine = connect(url)
    migrate(engine)
    return engine


def record(
    engine: Engine, reading: Reading, *, source: str, actor: str, subject: Subject | None = None
) -> int:
    """Keep a reading and return its number; the same bytes by the same bundle and options are kept once.

    See `record_values`.
    """
    return record_values(engine, reading.to_json(), source=source, actor=actor, subject=subject)


def record_values(
    engine: Engine, values: Mapping[str, Any], *, source: str, actor: str, subject: Subject | None = None
) -> int:
    """Keep a reading that is there as plain values.

    Parameters
    ----------
    engine : Engine
    values : mapping
        As `Reading.to_json` makes them; `file` is kept as it stands there.
    source, actor : str
        Where the reading came from, and who recorded it; 1-128 characters.
    subject : Subject, optional
        Whose image it is; a reading that is on record already keeps what it was recorded with.

    Raises
    ------
    ArchiveError
        `source` or `actor` cannot be kept.
    ArchiveUnavailableError
    """
    entry = Entry(values, source, actor, subject)
    return record_together(engine, [entry])[0].id


def record_view(engine: Engine, reading: int, *, person: str) -> View:
    """Record that a person looked at a reading. Raises ArchiveError, ArchiveUnavailableError."""
    view = View(checked_name("person", person), now())
    with writing_session(engine) as session:
        _found(session, reading)
        insert(session, view.person, "view", ViewRow(reading_id=reading, person=view.person, at=view.at))
    return view


def record_decision(
    engine: Engine,
    reading: int,
    *,
    person: str,
    finding: Finding,
    note: str = "",
    blinded: bool = False,
    seen_revision: int | None = None,
) -> int:
    """Keep a decision beside the others, and return its revision (1, 2, ... for each reading).

    Parameters
    ----------
    seen_revision : int, optional
        Last revision that the person knew, 0 for none; a newer one is then a conflict.

    Raises
    ------
    ArchiveError
        No such reading, somebody decided meanwhile, or `person` is no name of 1-128 characters.
    ArchiveUnavailableError
    """
    person = checked_name("person", person)
    with writing_session(engine) as session:
        row = _found(session, reading)
        newest = select(func.max(DecisionRow.revision)).where(DecisionRow.reading_id == reading)
        last = session.scalar(newest) or 0
        if seen_revision is not None and seen_revision != last:
            raise ArchiveError(
                f"reading {reading}: decided meanwhile (revision {last}, not {seen_revision}); look again"
            )
        decision = DecisionRow(
            reading_id=reading,
            revision=last + 1,
            person=person,
            at=now(),
            finding=finding.value,
            agrees=None if row.finding is None else row.finding == finding.value,
            blinded=blinded,
            note=storable(note),
        )
        insert(session, person, "decision", decision)
        worklist.note_decision(session, decision)
    return last + 1


def _found(session: Session, reading: int) -> ReadingRow:
    row = session.get(ReadingRow, reading) if 0 <= reading <= MAX_NUMBER else None
    if row is None:
        raise ArchiveError(f"reading {reading}: not in this archive")
    return row
