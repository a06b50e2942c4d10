"""Records that people looked at readings and what they decided, each with its event in the audit log."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy import insert as sql_insert
from sqlalchemy.orm import Session

from neumo.core.decision import MAX_ABNORMALITY, Conclusion, agreement
from neumo.core.errors import ArchiveError
from neumo.core.labels import Outcome, outcome_of
from neumo.records import search_index
from neumo.records.answer_searches import searched_since
from neumo.records.audit_log import Event, append_all, insert, now
from neumo.records.canonical import checked_name, storable
from neumo.records.database import writing_session
from neumo.records.log_coverage import entry_of
from neumo.records.schema import MAX_NUMBER, DecisionRow, ReadingRow, ViewRow
from neumo.records.stored_reading import View


def record_view(engine: Engine, reading: int, *, person: str) -> View:
    """Record that a person looked at a reading. Raises ArchiveError, ArchiveUnavailableError."""
    view = View(checked_name("person", person), now())
    with writing_session(engine) as session:
        _found(session, reading)
        insert(session, view.person, "view", ViewRow(reading_id=reading, person=view.person, at=view.at))
    return view


def record_views(engine: Engine, readings: Sequence[int], *, person: str) -> dict[int, View]:
    """Record in one transaction that a person was shown several readings; return the views by reading.

    Raises ArchiveError, ArchiveUnavailableError.
    """
    if not readings:
        return {}
    view, events = View(checked_name("person", person), now()), list[Event]()
    with writing_session(engine) as session:
        for reading in readings:
            row = ViewRow(reading_id=reading, person=view.person, at=view.at)
            values = {"reading_id": reading, "person": view.person, "at": view.at}
            # Past the unit of work, which takes several times as long.
            key = session.connection().execute(sql_insert(ViewRow), values).inserted_primary_key
            assert key is not None
            row.id = key[0]
            events.append(Event(view.person, "view", entry_of(row)))
        append_all(session, events)
    return dict.fromkeys(readings, view)


def record_decision(
    engine: Engine,
    reading: int,
    *,
    person: str,
    conclusion: Conclusion,
    abnormality: str = "",
    note: str = "",
    blinded: bool = False,
    verifier: tuple[str, str] | None = None,
    seen_revision: int | None = None,
) -> int:
    """Record a decision beside earlier ones, and return its revision (1, 2, ... for each reading).

    Parameters
    ----------
    abnormality : str
        Which one, of 1-200 characters, with `Conclusion.OTHER_ABNORMAL` and no other conclusion.
    verifier : (str, str), optional
        Full name and organization of a person with the right to verify reports.
    blinded : bool
        Whether it is made before the answer is shown; never taken of a person whose view of the reading is recorded,
        or who filtered or sorted by answers since the reading was recorded.
    seen_revision : int, optional
        Last revision that the person knew, 0 for none; a newer one is then a conflict.

    Raises
    ------
    ArchiveError
        No such reading, somebody decided meanwhile, `person` is no name of 1-128 characters, or `abnormality` does not
        go with the conclusion.
    ArchiveUnavailableError
    """
    person, abnormality = checked_name("person", person), _checked_abnormality(conclusion, abnormality)
    name, organization = verifier or (None, None)
    with writing_session(engine) as session:
        row = _found(session, reading)
        newest = select(func.max(DecisionRow.revision)).where(DecisionRow.reading_id == reading)
        last = session.scalar(newest) or 0
        if seen_revision is not None and seen_revision != last:
            raise ArchiveError(
                "reading {reading}: decided meanwhile (revision {last}, not {seen_revision}); look again",
                reading=reading,
                last=last,
                seen_revision=seen_revision,
            )
        decision = DecisionRow(
            reading_id=reading,
            revision=last + 1,
            person=person,
            at=now(),
            conclusion=conclusion.value,
            abnormality=storable(abnormality),
            agrees=agreement(conclusion, _prediction_set(row)),
            blinded=blinded
            and not _has_viewed(session, reading, person)
            and not searched_since(session, person, row.recorded_at),
            note=storable(note),
            verifier=name,
            organization=organization,
        )
        insert(session, person, "decision", decision)
        search_index.note_decision(session, decision)
    return last + 1


def _checked_abnormality(conclusion: Conclusion, text: str) -> str:
    text = text.strip()
    if bool(text) != (conclusion is Conclusion.OTHER_ABNORMAL) or len(text) > MAX_ABNORMALITY:
        raise ArchiveError(
            "abnormality: give 1 to {most} characters with {conclusion}, and none with another conclusion",
            most=MAX_ABNORMALITY,
            conclusion=Conclusion.OTHER_ABNORMAL,
        )
    return text


def _prediction_set(row: ReadingRow) -> list[Outcome]:
    """Return the reading's prediction set; of a purged reading its finding, which is all that is left of it."""
    body: dict[str, Any] = json.loads(row.body)
    if "prediction_set" in body:
        return [outcome_of(name) for name in body["prediction_set"] or ()]
    return [] if row.finding is None else [outcome_of(row.finding)]


def _has_viewed(session: Session, reading: int, person: str) -> bool:
    query = select(ViewRow.id).where(ViewRow.reading_id == reading, ViewRow.person == person).limit(1)
    return session.scalar(query) is not None


def _found(session: Session, reading: int) -> ReadingRow:
    row = session.get(ReadingRow, reading) if 0 <= reading <= MAX_NUMBER else None
    if row is None:
        raise ArchiveError("reading {reading}: not in this archive", reading=reading)
    return row
