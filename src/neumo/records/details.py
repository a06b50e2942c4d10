"""One reading on record with everything that is kept of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from neumo.core.errors import ArchiveError
from neumo.records.database import reading_session
from neumo.records.log_coverage import EMPTIED
from neumo.records.schema import LARGEST_NUMBER, DecisionRow, ReadingRow, SubjectRow, ViewRow


@dataclass(frozen=True, slots=True)
class View:
    """That a person looked, and when (ISO 8601 in UTC)."""

    person: str
    at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided.

    Attributes
    ----------
    revision : int
        1, 2, ... for each reading.
    person, at : str
        Who, and when (ISO 8601 in UTC).
    finding : str
        The person's.
    agrees : bool or None
        Whether it is the model's too; None where the model gave none.
    blinded : bool
        Whether it was made before the model's finding was seen.
    note : str
    """

    revision: int
    person: str
    at: str
    finding: str
    agrees: bool | None
    blinded: bool
    note: str


@dataclass(frozen=True, slots=True)
class Details:
    """A reading on record.

    Attributes
    ----------
    id : int
    recorded_at : str
        ISO 8601 in UTC.
    source, status : str
    finding : str or None
        The model's; None for a refusal or failure.
    probabilities : mapping of str to float, or None
        In 0-1, by finding.
    body : mapping or None
        The whole reading as `Reading.to_json` makes it; None once it was purged.
    patient_hash : str or None
    views, decisions : tuple
        Oldest first.
    """

    id: int
    recorded_at: str
    source: str
    status: str
    finding: str | None
    probabilities: Mapping[str, float | None] | None
    body: Mapping[str, Any] | None
    patient_hash: str | None
    views: tuple[View, ...]
    decisions: tuple[Decision, ...]


def details(engine: Engine, reading: int) -> Details:
    """Return all of a reading. Raises ArchiveError where there is none, ArchiveUnavailableError."""
    with reading_session(engine) as session:
        row = session.get(ReadingRow, reading) if 0 <= reading < LARGEST_NUMBER else None
        if row is None:
            raise ArchiveError(f"reading {reading}: not in this archive")
        patient = select(SubjectRow.patient_hash).where(SubjectRow.id == row.subject_id)
        views = select(ViewRow).where(ViewRow.reading_id == reading).order_by(ViewRow.id)
        decisions = (
            select(DecisionRow).where(DecisionRow.reading_id == reading).order_by(DecisionRow.revision)
        )
        return Details(
            id=row.id,
            recorded_at=row.recorded_at,
            source=row.source,
            status=row.status,
            finding=row.finding,
            probabilities=probabilities_of(row),
            body=body_of(row),
            patient_hash=session.scalar(patient),
            views=tuple(View(view.person, view.at) for view in session.scalars(views)),
            decisions=tuple(decision_of(decision) for decision in session.scalars(decisions)),
        )


def body_of(row: ReadingRow) -> Mapping[str, Any] | None:
    """Return a reading's body, or None once it was purged."""
    return None if row.body == EMPTIED else dict(json.loads(row.body))


def probabilities_of(row: ReadingRow) -> Mapping[str, float | None] | None:
    """Return a reading's probabilities, or None where it has no answer."""
    if row.finding is None:
        return None
    return {"NORMAL": row.normal, "BACTERIAL_PNEUMONIA": row.bacterial, "VIRAL_PNEUMONIA": row.viral}


def decision_of(row: DecisionRow) -> Decision:
    """Return a decision as a value."""
    return Decision(row.revision, row.person, row.at, row.finding, row.agrees, row.blinded, row.note)
