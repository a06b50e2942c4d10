"""The audit log for people: each event with the reading that it is about, and what was written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from neumo.core.message import Message
from neumo.records.database import reading_session
from neumo.records.filters import moment
from neumo.records.restatements import Restatement
from neumo.records.schema import AuditRow, CommissioningRow, DecisionRow, ReadingRow, RestatementRow, ViewRow

_ROWS: Final = 1000
"""Entries of the audit log that are read at once."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One event.

    Attributes
    ----------
    sequence : int
        Its place in the log, from 1.
    at : str
        ISO 8601 in UTC.
    actor, action : str
        Who, and what: "record", "subject", "view", "restate", "search", "decision" or "purge"; of commissioning
        "commission", "cancel", "accept" or "sign".
    reading : int or None
        Its number; None where it is about none.
    detail : str
        Such as the conclusion of a decision, the prevalence that an answer was stated for, or the site that a bundle
        was commissioned at; may be empty.
    """

    sequence: int
    at: str
    actor: str
    action: str
    reading: int | None
    detail: str


def trail(
    engine: Engine,
    *,
    last: int = 50,
    reading: int | None = None,
    actor: str | None = None,
    action: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> tuple[TrailEntry, ...]:
    """Return the newest events that match, oldest first.

    Parameters
    ----------
    engine : Engine
    last : int
        How many at most, 1 or more.
    reading, actor, action : optional
        As `TrailEntry` has them, exactly.
    since, until : str, optional
        A day or a time in ISO 8601, both inclusive.

    Raises
    ------
    FilterError
        A time is none.
    ArchiveUnavailableError
    """
    row = AuditRow
    stated = {row.actor: actor, row.action: action}
    wanted = [column == value for column, value in stated.items() if value is not None]
    wanted += [] if since is None else [row.at >= moment("since", since)]
    wanted += [] if until is None else [row.at <= moment("until", until, end=True)]
    query = select(row.sequence, row.at, row.actor, row.action, row.content).where(*wanted)
    found: list[TrailEntry] = []
    with reading_session(engine) as session:
        rows = session.execute(query.order_by(row.sequence.desc()).execution_options(yield_per=_ROWS))
        for some in rows.partitions(_ROWS):
            found += [each for each in _entries(session, some) if reading in (None, each.reading)]
            if len(found) >= last:
                break
    return tuple(reversed(found[:last]))


def _entries(session: Session, rows: Sequence[Any]) -> Iterator[TrailEntry]:
    contents = [json.loads(row.content) for row in rows]
    details = _details(session, contents)
    for row, content in zip(rows, contents, strict=True):
        table, number = content.get("table"), content.get("id")
        reading, detail = details.get((table, number), (None, ""))
        if table == ReadingRow.__tablename__:
            reading, detail = number, content.get("reason", "")
        yield TrailEntry(row.sequence, row.at, row.actor, row.action, reading, detail)


def _details(
    session: Session, contents: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, int], tuple[int | None, str]]:
    """Return reading, if any, and detail of the rows that events are about, by table and number."""
    found: dict[tuple[str, int], tuple[int | None, str]] = {}
    for table, said in _SAID.items():
        name = table.__tablename__
        numbers = [content["id"] for content in contents if content.get("table") == name]
        for row in session.scalars(select(table).where(table.id.in_(numbers))) if numbers else ():
            found[name, row.id] = (getattr(row, "reading_id", None), said(row))
    return found


def _restated(row: Any) -> str:
    return Restatement(row.person, row.at, row.result, row.prevalence, row.operating_point).words


_SAID: Final[Mapping[Any, Any]] = {
    ViewRow: lambda _row: "",
    RestatementRow: _restated,
    CommissioningRow: lambda row: row.site,
    DecisionRow: lambda row: Message(
        "revision {revision}, {conclusion}", revision=row.revision, conclusion=row.conclusion
    ),
}
