"""Changed readings since a position in the audit log, which holds every write of whatever program in its order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from neumo.records.database import reading_session
from neumo.records.schema import AuditRow, DecisionRow, ReadingRow

MAX_EVENTS: Final = 1000
"""Entries of the audit log that are read at once."""
_NO_CHANGE: Final = ("view", "subject", "restate", "search", "commission", "cancel", "accept", "sign")
"""Events that change no reading; that somebody looked at a list is one event for each of its readings."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Readings that were recorded, decided on or purged.

    Attributes
    ----------
    sequence : int
        Last place in the log that was looked at.
    readings : frozenset of int
        Their numbers; nothing of what they say.
    complete : bool
        False where there are too many; what was seen before is then outdated as a whole.
    """

    sequence: int
    readings: frozenset[int] = frozenset()
    complete: bool = True


def newest_sequence(engine: Engine) -> int:
    """Return the last place in the log, 0 where it is empty. Raises ArchiveUnavailableError."""
    with reading_session(engine) as session:
        return _newest(session)


def changes_since(engine: Engine, sequence: int) -> Changes:
    """Return the changes after a position in the log. Raises ArchiveUnavailableError."""
    with reading_session(engine) as session:
        newest = max(sequence, _newest(session))
        if newest == sequence:
            return Changes(sequence)
        query = select(AuditRow.content).where(
            AuditRow.sequence > sequence, AuditRow.action.not_in(_NO_CHANGE)
        )
        contents = session.scalars(query.order_by(AuditRow.sequence).limit(MAX_EVENTS + 1)).all()
        if len(contents) > MAX_EVENTS:
            return Changes(newest, complete=False)
        return Changes(newest, _readings(session, contents))


def _newest(session: Session) -> int:
    return session.scalar(select(func.max(AuditRow.sequence))) or 0


def _readings(session: Session, contents: Sequence[str]) -> frozenset[int]:
    numbers: dict[str, set[int]] = {ReadingRow.__tablename__: set(), DecisionRow.__tablename__: set()}
    for content in contents:
        entry: dict[str, Any] = json.loads(content)
        if entry.get("table") in numbers:
            numbers[entry["table"]].add(int(entry["id"]))
    decisions = numbers[DecisionRow.__tablename__]
    decided = select(DecisionRow.reading_id).where(DecisionRow.id.in_(decisions)) if decisions else None
    found = numbers[ReadingRow.__tablename__]
    return frozenset(found if decided is None else {*found, *session.scalars(decided)})
