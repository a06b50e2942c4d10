"""Coverage of the other tables by the audit log: digests of their rows, and whether these still match."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Boolean, Integer, inspect, select, type_coerce
from sqlalchemy.orm import Session

from neumo.core.message import Message
from neumo.records.canonical import canonical
from neumo.records.schema import (
    AnswerSearchRow,
    AuditRow,
    Base,
    CommissioningRow,
    DecisionRow,
    ReadingRow,
    RestatementRow,
    SubjectRow,
    ViewRow,
)

_Covered = (
    SubjectRow | ReadingRow | ViewRow | RestatementRow | AnswerSearchRow | CommissioningRow | DecisionRow
)
COVERED: Final[tuple[type[_Covered], ...]] = (
    SubjectRow,
    ReadingRow,
    ViewRow,
    RestatementRow,
    AnswerSearchRow,
    CommissioningRow,
    DecisionRow,
)
"""Tables of whose every row the log holds the digest."""
EMPTIED: Final = "{}"
"""Body of a reading that was purged."""

_Key = tuple[str, int]


def entry_of(row: Base) -> dict[str, Any]:
    """Return table, number and digest of a flushed row, as the log holds them.

    The digest is SHA-256 over all columns. Of a reading it covers the digest of the body, which the entry holds too,
    instead of the body, so that it still covers all that a purge leaves.
    """
    return entry_of_columns(row.__tablename__, columns_of(row))


def entry_of_columns(table: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the log entry of a row (see `entry_of`), given its table's name and all its columns by name."""
    entry = {"table": table, "id": columns["id"]}
    if table == ReadingRow.__tablename__:
        entry["body"] = _sha256(columns["body"])
        columns = {**columns, "body": entry["body"]}
    return entry | {"sha256": _sha256(canonical(columns))}


def purge_of(reading: int) -> dict[str, Any]:
    """Return the log's entry for a body that was emptied."""
    return {"table": ReadingRow.__tablename__, "id": reading, "purged": True}


class Logged:
    """Digests that the log holds, collected row by row, all in memory."""

    def __init__(self) -> None:
        self._entries: dict[_Key, tuple[str, str | None]] = {}
        """Digest of a row, and that of its body where it has one."""
        self._purged: set[_Key] = set()

    def add(self, row: AuditRow) -> str | None:
        """Add a row of the log; return a fault, if any, as a sentence."""
        try:
            entry = json.loads(row.content)
            key = (str(entry["table"]), int(entry["id"]))
            again = self._purge(key) if entry.get("purged") is True else self._covers(key, entry)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Message("row {row} of the log covers no row of a table", row=row.sequence)
        return (
            Message(
                "row {row} of the log covers {table} {number} again",
                row=row.sequence,
                table=key[0],
                number=key[1],
            )
            if again
            else None
        )

    def _purge(self, key: _Key) -> bool:
        again = key in self._purged or key not in self._entries
        self._purged.add(key)
        return again

    def _covers(self, key: _Key, entry: dict[str, Any]) -> bool:
        again = key in self._entries
        self._entries[key] = (str(entry["sha256"]), entry.get("body"))
        return again

    def faults(self, session: Session) -> list[str]:
        """Describe the rows that were changed, added or removed in the covered tables, a sentence each."""
        found: list[str] = []
        left = set(self._entries)
        for row in _rows(session):
            key = (row.__tablename__, int(columns_of(row)["id"]))
            if key not in left:
                found.append(
                    Message("{table}: row {number} was added outside the log", table=key[0], number=key[1])
                )
                continue
            left.remove(key)
            if fault := self._fault_of_any(key, row):
                found.append(
                    Message("{table}: row {number} {fault}", table=key[0], number=key[1], fault=fault)
                )
        found.extend(_odd_truths(session))
        found.extend(
            Message("{table}: row {number} was removed", table=table, number=number)
            for table, number in sorted(left)
        )
        return found

    def _fault_of_any(self, key: _Key, row: Base) -> str | None:
        try:
            return self._fault(key, row)
        except (TypeError, ValueError, AttributeError):  # a cell of a type that neumo never writes
            return Message("was changed")

    def _fault(self, key: _Key, row: Base) -> str | None:
        if not isinstance(row, ReadingRow):
            return None if entry_of(row)["sha256"] == self._entries[key][0] else Message("was changed")
        emptied = row.body == EMPTIED
        if emptied != (key in self._purged):
            return (
                Message("was emptied outside the log")
                if emptied
                else Message("was purged, and has a body again")
            )
        logged = self._entries[key]
        body = logged[1] if emptied else _sha256(row.body)
        now = (_sha256(canonical(columns_of(row) | {"body": body})), body)
        return None if now == logged else Message("was changed")


def _rows(session: Session) -> Iterator[Base]:
    for table in COVERED:
        yield from session.scalars(select(table).order_by(table.id).execution_options(yield_per=1000))


def _odd_truths(session: Session) -> Iterator[str]:
    """Yield rows with a truth value that is neither 0 nor 1, which SQLAlchemy would take for one of them."""
    for table in COVERED:
        for column in table.__table__.columns:
            if isinstance(column.type, Boolean) and session.get_bind().dialect.name == "sqlite":
                odd = select(table.id).where(type_coerce(column, Integer).not_in((0, 1)))
                yield from (
                    Message("{table}: row {number} was changed", table=table.__tablename__, number=number)
                    for number in session.scalars(odd)
                )


def columns_of(row: Base) -> dict[str, Any]:
    """Return the columns of a row by name."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
