"""Purges readings that are older than the retention period: empties their bodies, which the audit log accounts for."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, func, select, tuple_, update
from sqlalchemy.orm import Session

from neumo.core.clock import implausible
from neumo.core.errors import ArchiveError
from neumo.records import search_index
from neumo.records.audit_log import append, newest_entry
from neumo.records.canonical import storable
from neumo.records.database import reading_session, writing_session
from neumo.records.log_coverage import EMPTIED, purge_of
from neumo.records.purged_files import forget_file
from neumo.records.schema import AuditRow, ReadingRow

_BATCH: Final = 200
"""Readings of one transaction; others may write between two of them."""
_IDLE_DAYS: Final = 7.0
"""Days without any entry, from which on the clock has to be looked at before anything is emptied for its age."""
_DAY_SECONDS: Final = 86_400.0


def due(engine: Engine, *, days: float) -> int:
    """Count the readings that `purge` would empty. Raises ArchiveError, ArchiveUnavailableError."""
    with reading_session(engine) as session:
        query = select(func.count()).where(ReadingRow.recorded_at < _before(days), ReadingRow.body != EMPTIED)
        return session.scalar(query) or 0


def require_plausible_clock(engine: Engine, *, days: float) -> None:
    """Raise ArchiveError where the clock may be wrong, so that a purge would empty more than it should, or less.

    A clock that is ahead makes readings look old. The newest entry of the log tells: on an archive in use it is recent.
    """
    with reading_session(engine) as session:
        why = (
            implausible(newest_entry(session), max_gap=min(days, _IDLE_DAYS) * _DAY_SECONDS) if days else None
        )
    if why is not None:
        raise ArchiveError(
            "clock: {why}; either nothing was recorded since, or this machine's clock is wrong and the purge would "
            "empty the wrong readings. Look at the clock; where it is right, add --trust-clock",
            why=why,
        )


def purge(engine: Engine, *, days: float, actor: str, trust_clock: bool = False) -> int:
    """Empty the bodies of readings that were recorded more than so many days ago, and return their number.

    File, patient, receipt, warnings and reasons are gone. What stays is covered by the log as before: time, source,
    finding, probabilities, the digests of content, bundle and body, hashes of the subject, views and decisions with
    their notes. Workbench and node delete the reading's pixels, heat maps and header soon after.

    Parameters
    ----------
    engine : Engine
    days : float
        Of 24 hours, at least 0.
    actor : str
        Who answers for it; the log names them with each reading.
    trust_clock : bool
        Purge even where the newest entry of the log makes the clock doubtful.

    Raises
    ------
    ArchiveError
        `days` is below 0, nobody is named, or the clock may be wrong.
    ArchiveUnavailableError
        Also where the database's role may not do this; what was emptied before stays empty.
    """
    before, actor = _before(days), storable(actor).strip()
    if not actor:
        raise ArchiveError("actor: nobody answers for it; give a name")
    if not trust_clock:
        require_plausible_clock(engine, days=days)
    emptied, place = 0, ("", 0)
    while True:
        with writing_session(engine) as session:
            order = (ReadingRow.recorded_at, ReadingRow.id)
            query = select(*order, ReadingRow.body).where(
                ReadingRow.recorded_at < before, ReadingRow.body != EMPTIED
            )
            rows = session.execute(query.where(tuple_(*order) > place).order_by(*order).limit(_BATCH)).all()
            for _, reading, body in rows:
                _empty(session, reading, body, actor, purge_of(reading))
        if not rows:
            break
        emptied, place = emptied + len(rows), (rows[-1][0], rows[-1][1])
    if emptied:
        _truncate_journal(engine)
    return emptied


def remove(engine: Engine, reading: int, *, actor: str, reason: str) -> None:
    """Empty the body of one reading now, as `purge` does: it should not be on record, such as a wrong file.

    Parameters
    ----------
    engine : Engine
    reading : int
        Its number.
    actor : str
        Who answers for it.
    reason : str
        Of a fixed vocabulary, so that nothing in the log names a patient.

    Raises
    ------
    ArchiveError
        There is no such reading, or it was emptied before.
    ArchiveUnavailableError
    """
    with writing_session(engine) as session:
        body = session.scalar(select(ReadingRow.body).where(ReadingRow.id == reading))
        if body is None or body == EMPTIED:
            raise ArchiveError("reading {reading}: there is no content to remove", reading=reading)
        _empty(session, reading, body, actor, {**purge_of(reading), "reason": reason})
    _truncate_journal(engine)


def recorded_by(engine: Engine, reading: int) -> str | None:
    """Return the person who had a reading recorded, by the audit log; None where it does not say."""
    entry = f'{{"body":"%","id":{reading:d},"sha256":"%","table":"{ReadingRow.__tablename__}"}}'
    with reading_session(engine) as session:
        return session.scalar(select(AuditRow.actor).where(AuditRow.content.like(entry)).limit(1))


def _empty(session: Session, reading: int, body: str, actor: str, entry: Mapping[str, Any]) -> None:
    session.execute(update(ReadingRow).where(ReadingRow.id == reading).values(body=EMPTIED))
    search_index.forget_content(session, reading)
    append(session, actor, "purge", entry)
    forget_file(session, json.loads(body))


def _before(days: float) -> str:
    if not days >= 0:
        raise ArchiveError("days: {days} is out of range; give at least 0", days=days)
    try:
        moment = datetime.now(UTC) - timedelta(days=days)
    except OverflowError:
        return ""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _truncate_journal(engine: Engine) -> None:
    """Write back and truncate SQLite's write-ahead log, which still holds the bodies."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
