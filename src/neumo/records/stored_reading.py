"""Stored readings: what the tables hold of a reading, with everybody's views and decisions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from neumo.core.decision import Decision, standing
from neumo.core.errors import ArchiveError
from neumo.core.findings import FINDINGS
from neumo.core.labels import PNEUMONIA_OR_NOT
from neumo.core.reading import Reading, Status
from neumo.records.database import reading_session
from neumo.records.log_coverage import EMPTIED
from neumo.records.schema import (
    MAX_NUMBER,
    DecisionRow,
    ReadingRow,
    SubjectRow,
    ViewRow,
    WorklistRow,
)


@dataclass(frozen=True, slots=True)
class View:
    """A view: a person was shown the answer, and when (ISO 8601 in UTC)."""

    person: str
    at: str


@dataclass(frozen=True, slots=True)
class StoredReading:
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
    verdict : str or None
        The model's; None without an answer. Known of purged readings too.
    body : mapping
        The whole reading as `Reading.to_json` makes it; once it was purged only status, finding and
        probabilities are left.
    purged : bool
    bundle_digest : str
        Empty where no bundle read it.
    patient_hash : str or None
    views, decisions : tuple
        Oldest first.
    """

    id: int
    recorded_at: str
    source: str
    status: str
    finding: str | None
    probabilities: Mapping[str, float] | None
    verdict: str | None
    body: Mapping[str, Any]
    purged: bool = False
    bundle_digest: str = ""
    patient_hash: str | None = None
    views: tuple[View, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @classmethod
    def new(cls, number: int, recorded_at: str, source: str, body: Mapping[str, Any]) -> "StoredReading":
        """Return a reading that was just recorded, which nobody has looked at."""
        answer = (body["status"], body["finding"], body["probabilities"])
        return cls(number, recorded_at, source, *answer, body["verdict"], body)

    @property
    def decision(self) -> Decision | None:
        """The decision that stands."""
        return standing(self.decisions)

    @property
    def disagreement(self) -> bool:
        """Whether somebody's decision contradicts the answer."""
        return any(decision.agrees is False for decision in self.decisions)


def stored_reading(engine: Engine, number: int) -> StoredReading:
    """Return a reading by its number. Raises ArchiveError where there is none, ArchiveUnavailableError."""
    with reading_session(engine) as session:
        found = load(session, [number]) if 0 <= number <= MAX_NUMBER else ()
    if not found:
        raise ArchiveError("reading {number}: not in this archive", number=number)
    return found[0]


def load(session: Session, numbers: Sequence[int]) -> tuple[StoredReading, ...]:
    """Return readings in the order of their numbers; those that are not there are left out."""
    # Columns rather than mapped rows, which take twice as long to make.
    query = (
        select(*ReadingRow.__table__.columns, WorklistRow.verdict, SubjectRow.patient_hash)
        .outerjoin(WorklistRow, WorklistRow.reading_id == ReadingRow.id)
        .outerjoin(SubjectRow, SubjectRow.id == ReadingRow.subject_id)
        .where(ReadingRow.id.in_(numbers))
    )
    views: dict[int, list[View]] = {}
    looked = select(ViewRow.reading_id, ViewRow.person, ViewRow.at).where(ViewRow.reading_id.in_(numbers))
    for number, person, at in session.execute(looked.order_by(ViewRow.id)):
        views.setdefault(number, []).append(View(person, at))
    decisions: dict[int, list[Decision]] = {}
    columns: list[Any] = [getattr(DecisionRow, field.name) for field in fields(Decision)]
    decided = select(DecisionRow.reading_id, *columns).where(DecisionRow.reading_id.in_(numbers))
    row: Any
    for row in session.execute(decided.order_by(DecisionRow.revision)):
        decision = Decision.from_json(row._mapping)
        decisions.setdefault(row.reading_id, []).append(decision)
    found = {
        row.id: _stored(row, tuple(views.get(row.id, ())), tuple(decisions.get(row.id, ())))
        for row in session.execute(query)
    }
    return tuple(found[number] for number in numbers if number in found)


def _stored(row: Any, views: tuple[View, ...], decisions: tuple[Decision, ...]) -> StoredReading:
    purged = row.body == EMPTIED
    probabilities = None
    if row.finding is not None:
        kinds = (row.bacterial, row.viral)
        outcomes = PNEUMONIA_OR_NOT if None in kinds else FINDINGS
        shares = (row.normal, 1 - row.normal) if None in kinds else (row.normal, *kinds)
        probabilities = dict(zip(outcomes, shares, strict=True))
    if purged:
        left = {"finding": row.finding, "probabilities": probabilities}
        body = Reading("", None, Status(row.status)).to_json() | left
    else:
        body = json.loads(row.body)
    return StoredReading(
        id=row.id,
        recorded_at=row.recorded_at,
        source=row.source,
        status=row.status,
        finding=row.finding,
        probabilities=probabilities,
        verdict=row.verdict,
        body=body,
        purged=purged,
        bundle_digest=row.bundle_digest,
        patient_hash=row.patient_hash,
        views=views,
        decisions=decisions,
    )
