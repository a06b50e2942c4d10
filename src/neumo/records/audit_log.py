"""The audit log: append-only, and tamper-evident since each row's SHA-256 covers its content and the row before it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy import insert as sql_insert
from sqlalchemy.orm import Session

from neumo.core.errors import ArchiveError
from neumo.core.message import Message
from neumo.records import search_index
from neumo.records.canonical import canonical
from neumo.records.database import reading_session
from neumo.records.log_coverage import Logged, entry_of
from neumo.records.schema import AuditRow, Base

START = "0" * 64
"""Digest that the first row states of the row before it."""
_DIGESTED: Final = ("sequence", "at", "actor", "action", "content", "previous")
"""Columns that a row's digest covers, in their order."""
_LOG: Final = Base.metadata.tables[AuditRow.__tablename__]
_LAST: Final = select(_LOG.c.sequence, _LOG.c.digest).order_by(_LOG.c.sequence.desc()).limit(1)
_INSERT: Final = sql_insert(_LOG)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Length and last digest of the log at one time, to be stored outside the database.

    Attributes
    ----------
    count : int
    head : str
        Digest of row `count` in lower-case hexadecimal; 64 zeros for an empty log.
    """

    count: int
    head: str

    def __str__(self) -> str:
        return f"{self.count}:{self.head}"

    @classmethod
    def parse(cls, value: str) -> "Checkpoint":
        """Return the checkpoint that `str` printed. Raises ArchiveError."""
        count, _, head = value.strip().partition(":")
        if not count.isdecimal() or len(head) != len(START) or set(head) - set("0123456789abcdef"):
            raise ArchiveError(
                "checkpoint: {value!r} is none; give COUNT:HASH as neumo audit verify prints it", value=value
            )
        return cls(int(count), head)


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the audit log: person, action and row, as `neumo.records.log_coverage` describes it."""

    actor: str
    action: str
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification: a checkpoint of the log's end, and the faults as sentences (empty when sound)."""

    checkpoint: Checkpoint
    faults: tuple[str, ...]


def now() -> str:
    """Return the time as 27 characters of ISO 8601 in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def newest_entry(session: Session) -> float | None:
    """Return when the last entry was written, in seconds since 1970; None where there is none."""
    at = session.scalar(select(AuditRow.at).order_by(AuditRow.sequence.desc()).limit(1))
    return None if at is None else datetime.fromisoformat(at).timestamp()


def insert(session: Session, actor: str, action: str, row: Base) -> None:
    """Insert a row into its table, and its digest into the log.

    `session` must be a writing one, so that no other writer appends meanwhile.
    """
    session.add(row)
    session.flush()
    append(session, actor, action, entry_of(row))


def append(session: Session, actor: str, action: str, entry: Mapping[str, Any]) -> None:
    """Append an entry that `neumo.records.log_coverage` made to the log; `session` as for `insert`."""
    append_all(session, [Event(actor, action, entry)])


def append_all(session: Session, events: Sequence[Event]) -> None:
    """Append events to the log in their order; `session` as for `insert`."""
    if not events:
        return
    connection = session.connection()
    last = connection.execute(_LAST).first()
    sequence, head, at = last.sequence if last else 0, last.digest if last else START, now()
    rows = []
    for number, event in enumerate(events, sequence + 1):
        fields = (number, at, event.actor, event.action, canonical(event.entry), head)
        head = _sha256(fields)
        rows.append(dict(zip((*_DIGESTED, "digest"), (*fields, head), strict=True)))
    connection.execute(_INSERT, rows)


def _digest(row: AuditRow) -> str:
    """Digest of a row; "" for one with a cell of a type that neumo never writes."""
    try:
        return _sha256([getattr(row, name) for name in _DIGESTED])
    except (TypeError, ValueError):
        return ""


def _sha256(fields: Sequence[Any]) -> str:
    return hashlib.sha256(canonical(list(fields)).encode()).hexdigest()


def verify(engine: Engine, checkpoint: Checkpoint | None = None) -> Verdict:
    """Verify the log's chain, every row of the other tables against it, the table of searches, and `checkpoint`.

    Raises
    ------
    ArchiveUnavailableError
    """
    faults: list[str] = []
    logged = Logged()
    count, head = 0, START
    reached = checkpoint is None or checkpoint == Checkpoint(0, START)
    with reading_session(engine) as session:
        for row in session.scalars(
            select(AuditRow).order_by(AuditRow.sequence).execution_options(yield_per=1000)
        ):
            if row.sequence != count + 1:
                faults.append(
                    Message(
                        "row {missing} is missing: row {row} follows row {count}",
                        missing=count + 1,
                        row=row.sequence,
                        count=count,
                    )
                )
            if row.previous != head:
                faults.append(Message("row {row} does not follow the row before it", row=row.sequence))
            if row.digest != _digest(row):
                faults.append(Message("row {row} was changed", row=row.sequence))
            if fault := logged.add(row):
                faults.append(fault)
            count, head = row.sequence, row.digest
            reached = reached or checkpoint == Checkpoint(count, head)
        faults.extend(logged.faults(session))
        faults.extend(search_index.faults(session))
    if not reached and checkpoint is not None:
        faults.append(
            Message(
                "the log ends at row {count} or was rewritten: it does not hold checkpoint {checkpoint}",
                count=count,
                checkpoint=checkpoint,
            )
        )
    return Verdict(Checkpoint(count, head), tuple(faults))
