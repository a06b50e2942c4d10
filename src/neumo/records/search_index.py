"""Keeping the table that searches go along; it says nothing that the tables on record do not say."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.orm import Session

from neumo.records.schema import DecisionRow, ReadingRow, WorklistRow


def values_of(row: ReadingRow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes a reading findable; `values` are those of `Reading.to_json`."""
    prediction_set = values["prediction_set"]
    return {
        "reading_id": row.id,
        "recorded_at": row.recorded_at,
        "source": row.source,
        "status": row.status,
        "finding": row.finding,
        "normal": row.normal,
        "undecided": None if prediction_set is None else len(prediction_set) > 1,
        "decided": False,
        "disagreement": False,
        "file": values["file"],
        "sha256": values["sha256"] or "",
    }


def add_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make readings that were just kept findable; each row as `values_of` gives it."""
    if rows:
        session.connection().execute(insert(WorklistRow), [dict(row) for row in rows])


def note_decision(session: Session, decision: DecisionRow) -> None:
    """Say of a reading that it was decided, and whether somebody disagreed with it."""
    changes: dict[str, Any] = {"decided": True}
    if decision.agrees is False:
        changes["disagreement"] = True
    session.execute(update(WorklistRow).where(WorklistRow.reading_id == decision.reading_id).values(changes))


def forget_file(session: Session, reading: int) -> None:
    """Drop the name and digest of a reading's file."""
    session.execute(update(WorklistRow).where(WorklistRow.reading_id == reading).values(file="", sha256=""))


def faults(session: Session) -> list[str]:
    """Return in which rows the table says something other than readings and decisions, as sentences."""
    same = (
        (WorklistRow.recorded_at, ReadingRow.recorded_at),
        (WorklistRow.source, ReadingRow.source),
        (WorklistRow.status, ReadingRow.status),
        (WorklistRow.finding, ReadingRow.finding),
        (WorklistRow.normal, ReadingRow.normal),
        (WorklistRow.decided, exists().where(DecisionRow.reading_id == ReadingRow.id)),
        (
            WorklistRow.disagreement,
            exists().where(DecisionRow.reading_id == ReadingRow.id, DecisionRow.agrees.is_(False)),
        ),
    )
    differs = or_(*(mine.is_distinct_from(theirs) for mine, theirs in same))
    joined = select(ReadingRow.id).outerjoin(WorklistRow, WorklistRow.reading_id == ReadingRow.id)
    extra = select(WorklistRow.reading_id).where(~exists().where(ReadingRow.id == WorklistRow.reading_id))
    numbers = {*session.scalars(joined.where(differs)), *session.scalars(extra)}
    return [f"worklist: row {number} is not as what is on record says" for number in sorted(numbers)]
