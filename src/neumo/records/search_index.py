"""Maintains the table that searches go along; it says nothing that the other tables do not say."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from neumo.records.log_coverage import EMPTIED
from neumo.records.schema import MAX_SEARCHED, DecisionRow, ReadingRow, WorklistRow

_EMPTY: Mapping[str, Any] = {"prediction_set": None, "file": "", "sha256": None}
"""What is searched for in the body of a purged reading."""
_SHARED = ("recorded_at", "source", "status", "finding", "normal")


def values_of(row: ReadingRow, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a new reading is searched by; `body` as `Reading.to_json` makes it."""
    prediction_set = body["prediction_set"]
    return {
        "reading_id": row.id,
        **{name: getattr(row, name) for name in _SHARED},
        "undecided": None if prediction_set is None else len(prediction_set) > 1,
        "decided": False,
        "disagreement": False,
        "path": searchable(body["file"]),
        "sha256": body["sha256"] or "",
    }


def searchable(path: str) -> str:
    """Return the end of a file's path without regard to upper and lower case."""
    return path.casefold()[-MAX_SEARCHED:]


def add_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add readings that were just recorded; each row as `values_of` gives it."""
    if rows:
        session.connection().execute(insert(WorklistRow), [dict(row) for row in rows])


def note_decision(session: Session, decision: DecisionRow) -> None:
    """Mark a reading as decided, and whether somebody disagreed with it."""
    changes: dict[str, Any] = {"decided": True}
    if decision.agrees is False:
        changes["disagreement"] = True
    session.execute(update(WorklistRow).where(WorklistRow.reading_id == decision.reading_id).values(changes))


def forget_file(session: Session, reading: int) -> None:
    """Delete the path and digest of a reading's file."""
    session.execute(update(WorklistRow).where(WorklistRow.reading_id == reading).values(path="", sha256=""))


def faults(session: Session) -> list[str]:
    """Return in which rows the table differs from readings and decisions, as sentences.

    Whether the prediction set of a purged reading held several findings stands nowhere else and is not compared.
    """
    numbers = set(
        session.scalars(
            select(WorklistRow.reading_id).where(~exists().where(ReadingRow.id == WorklistRow.reading_id))
        )
    )
    decided = exists().where(DecisionRow.reading_id == ReadingRow.id)
    against = decided.where(DecisionRow.agrees.is_(False))
    query = select(ReadingRow, WorklistRow, decided.label("decided"), against.label("against")).outerjoin(
        WorklistRow, WorklistRow.reading_id == ReadingRow.id
    )
    for row, listed, *people in session.execute(query.execution_options(yield_per=1000)):
        if listed is None or not _same(row, listed, *people):
            numbers.add(row.id)
    return [f"worklist: row {number} differs from what is on record" for number in sorted(numbers)]


def _same(row: ReadingRow, listed: WorklistRow, decided: bool, disagreement: bool) -> bool:
    purged = row.body == EMPTIED
    try:
        expected = values_of(row, _EMPTY if purged else json.loads(row.body))
    except (ValueError, TypeError, KeyError, AttributeError):  # not a body that neumo wrote
        return False
    if purged:
        expected["undecided"] = listed.undecided
    expected |= {"decided": decided, "disagreement": disagreement}
    return all(getattr(listed, name) == value for name, value in expected.items())
