"""Records that people looked at readings and what they decided, each with its event in the audit log."""

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.records import search_index
from neumo.records.audit_log import insert, now
from neumo.records.canonical import checked_name, storable
from neumo.records.database import writing_session
from neumo.records.schema import MAX_NUMBER, DecisionRow, ReadingRow, ViewRow
from neumo.records.stored_reading import View


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
    """Record a decision beside earlier ones, and return its revision (1, 2, ... for each reading).

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
        search_index.note_decision(session, decision)
    return last + 1


def _found(session: Session, reading: int) -> ReadingRow:
    row = session.get(ReadingRow, reading) if 0 <= reading <= MAX_NUMBER else None
    if row is None:
        raise ArchiveError(f"reading {reading}: not in this archive")
    return row
