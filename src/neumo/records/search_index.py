"""Maintains the table that searches go along; it says nothing that the other tables do not say."""

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from neumo.core.answer import set_from_json, verdict_of
from neumo.core.message import Message
from neumo.core.patient import PatientStudy
from neumo.records.log_coverage import EMPTIED, columns_of
from neumo.records.patient_index import own_words, patient_key, words_of
from neumo.records.schema import MAX_SEARCHED, Base, DecisionRow, PatientWordRow, ReadingRow, WorklistRow

_EMPTY: Mapping[str, Any] = {"prediction_set": None, "file": "", "sha256": None}
"""Index values of a purged reading, whose body is empty."""
_ROWS: Final = 1000
"""Compared at a time."""
_INSERT_ROWS: Final = insert(Base.metadata.tables[WorklistRow.__tablename__])
_INSERT_WORDS: Final = insert(Base.metadata.tables[PatientWordRow.__tablename__])
_SHARED = ("recorded_at", "source", "status", "finding", "normal")


def values_of(columns: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the search index values of a new reading; `columns` of its row, `body` as `Reading.to_json` makes it."""
    answered = body["prediction_set"] is not None
    patient = PatientStudy.from_json(body.get("patient") or {})
    return {
        "reading_id": columns["id"],
        **{name: columns[name] for name in _SHARED},
        "verdict": verdict_of(set_from_json(body)).value if answered else None,
        "decided": False,
        "disagreement": False,
        "path": searchable(body["file"]),
        "sha256": body["sha256"] or "",
        "patient_key": patient_key(body.get("patient")),
        "age": patient.age,
        "sex": patient.coded_sex,
    }


def words_rows(reading: int, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the words by which a new reading's patient is searched, as rows; `body` as it is recorded."""
    return [{"word": word, "reading_id": reading} for word in sorted(words_of(body.get("patient")))]


def searchable(path: str) -> str:
    """Return the end of a file's path without regard to upper and lower case."""
    return path.casefold()[-MAX_SEARCHED:]


def add_all(
    session: Session, rows: Sequence[Mapping[str, Any]], words: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Add readings that were just recorded; rows as `values_of` and `words_rows` give them."""
    for statement, added in ((_INSERT_ROWS, rows), (_INSERT_WORDS, words)):
        if added:
            session.connection().execute(statement, added)


def note_decision(session: Session, decision: DecisionRow) -> None:
    """Mark a reading as decided, and whether somebody disagreed with it."""
    changes: dict[str, Any] = {"decided": True}
    if decision.agrees is False:
        changes["disagreement"] = True
    session.execute(update(WorklistRow).where(WorklistRow.reading_id == decision.reading_id).values(changes))


def forget_content(session: Session, reading: int) -> None:
    """Delete the path and digest of a reading's file, and what its patient is found by."""
    emptied = {"path": "", "sha256": "", "patient_key": "", "age": None, "sex": None}
    session.execute(update(WorklistRow).where(WorklistRow.reading_id == reading).values(emptied))
    session.execute(delete(PatientWordRow).where(PatientWordRow.reading_id == reading))


def faults(session: Session) -> list[str]:
    """Return in which rows the table differs from readings and decisions, as sentences.

    The verdict of a purged reading stands nowhere else and is not compared.
    """
    numbers = {
        number
        for column in (WorklistRow.reading_id, PatientWordRow.reading_id)
        for number in session.scalars(select(column).where(~exists().where(ReadingRow.id == column)))
    }
    decided = exists().where(DecisionRow.reading_id == ReadingRow.id)
    against = decided.where(DecisionRow.agrees.is_(False))
    query = select(ReadingRow, WorklistRow, decided.label("decided"), against.label("against")).outerjoin(
        WorklistRow, WorklistRow.reading_id == ReadingRow.id
    )
    found = session.execute(query.order_by(ReadingRow.id).execution_options(yield_per=_ROWS))
    for rows in found.partitions(_ROWS):
        words = _words(session, [row.id for row, *_ in rows])
        for row, listed, *people in rows:
            if listed is None or not _same(row, listed, words.get(row.id, set()), *people):
                numbers.add(row.id)
    return [
        Message("worklist: row {number} differs from what is on record", number=number)
        for number in sorted(numbers, key=str)
    ]


def _words(session: Session, numbers: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    query = select(PatientWordRow.reading_id, PatientWordRow.word)
    for number, word in session.execute(query.where(PatientWordRow.reading_id.in_(numbers))):
        found.setdefault(number, set()).add(word)
    return found


def _same(row: ReadingRow, listed: WorklistRow, words: Set[str], decided: bool, disagreement: bool) -> bool:
    purged = row.body == EMPTIED
    try:
        body = _EMPTY if purged else json.loads(row.body)
        expected = values_of(columns_of(row), body)
        # What was recorded before names were spelt in Latin letters, too, lacks those spellings.
        patient = body.get("patient")
        if not own_words(patient) <= words <= words_of(patient):
            return False
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # not a body that neumo wrote
        return False
    if purged:
        expected["verdict"] = listed.verdict
    expected |= {"decided": decided, "disagreement": disagreement}
    return all(getattr(listed, name) == value for name, value in expected.items())
