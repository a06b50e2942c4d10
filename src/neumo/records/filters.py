"""What readings on record can be narrowed to and sorted by, as conditions on the worklist's table."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, or_, select

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Status
from neumo.records.schema import LARGEST_NUMBER, DecisionRow, ReadingRow, SubjectRow, WorklistRow

_DAY: Final = len("2026-01-31")
_HASH_DIGITS: Final = 8


class Sort(StrEnum):
    """Orders of readings; those by probability hold only readings with an answer."""

    NEWEST = "-time"
    OLDEST = "time"
    PNEUMONIA_FALLING = "-pneumonia"
    PNEUMONIA_RISING = "pneumonia"

    @property
    def by_time(self) -> bool:
        """Whether it goes by time rather than by the probability of pneumonia."""
        return self in (Sort.NEWEST, Sort.OLDEST)

    @property
    def falling(self) -> bool:
        """Whether its column falls: the less probable NORMAL is, the more probable is pneumonia."""
        return self in (Sort.NEWEST, Sort.PNEUMONIA_RISING)


@dataclass(frozen=True, slots=True)
class Filters:
    """What readings must match, all of it; None narrows nothing.

    Attributes
    ----------
    finding : Finding or None
        The model's; refusals and failures have none.
    status : Status or None
        Such as `Status.REFUSED`.
    undecided : bool or None
        Whether the prediction set holds more than one finding; only readings with an answer match either.
    decided : bool or None
        Whether somebody decided.
    disagreement : bool or None
        Whether somebody's decision, of whatever revision, is another finding than the model's.
    decided_by, not_decided_by : str or None
        A person who decided, or who did not yet.
    source : str or None
        Exactly.
    since, until : str or None
        A day or a time of recording in ISO 8601, in UTC where it names no zone; both inclusive.
    text : str or None
        Part of the file's path (letters of ASCII in either case), at least 8 digits with which its SHA-256 begins, or a
        reading's number. Readings that were purged are found by number only.
    patient : str or None
        A patient's hash (see `neumo.records.subjects.patient_hash`).
    ids : tuple of int
        Numbers of readings; empty for all.
    """

    finding: Finding | None = None
    status: Status | None = None
    undecided: bool | None = None
    decided: bool | None = None
    disagreement: bool | None = None
    decided_by: str | None = None
    not_decided_by: str | None = None
    source: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    patient: str | None = None
    ids: tuple[int, ...] = ()


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the filters as conditions on `WorklistRow`. Raises ArchiveError for a time that is none."""
    row = WorklistRow
    found: list[ColumnElement[bool]] = []
    equal: list[tuple[Any, Any]] = [
        (row.finding, filters.finding and filters.finding.value),
        (row.status, filters.status and filters.status.value),
        (row.source, filters.source),
        (row.undecided, filters.undecided),
        (row.decided, filters.decided),
        (row.disagreement, filters.disagreement),
    ]
    found += [column == value for column, value in equal if value is not None]
    if filters.decided_by is not None:
        found.append(_by(filters.decided_by))
    if filters.not_decided_by is not None:
        found.append(~_by(filters.not_decided_by))
    if filters.since is not None:
        found.append(row.recorded_at >= moment("since", filters.since))
    if filters.until is not None:
        found.append(row.recorded_at <= moment("until", filters.until, end=True))
    if filters.text:
        found.append(_text(filters.text))
    if filters.patient is not None:
        found.append(row.reading_id.in_(_of_patient(filters.patient)))
    if filters.ids:
        found.append(row.reading_id.in_([number for number in filters.ids if 0 <= number < LARGEST_NUMBER]))
    return found


def moment(key: str, text: str, *, end: bool = False) -> str:
    """Return a time, or a day's first or last moment, as the archive writes times. Raises ArchiveError."""
    try:
        value = datetime.fromisoformat(text)
        if len(text) <= _DAY:
            value = datetime.combine(value.date(), time.max if end else time.min)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ArchiveError(
            f"{key}: {text!r} is no time; give a day (2026-01-31) or a time (2026-01-31T08:00)"
        ) from error
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _by(person: str) -> ColumnElement[bool]:
    return exists().where(DecisionRow.reading_id == WorklistRow.reading_id, DecisionRow.person == person)


def _of_patient(patient: str) -> Any:
    return (
        select(ReadingRow.id)
        .join(SubjectRow, SubjectRow.id == ReadingRow.subject_id)
        .where(SubjectRow.patient_hash == patient)
    )


def _text(text: str) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [WorklistRow.file.icontains(text, autoescape=True)]
    if text.isascii() and text.isdecimal() and int(text) < LARGEST_NUMBER:
        found.append(WorklistRow.reading_id == int(text))
    if len(text) >= _HASH_DIGITS and not set(text.lower()) - set("0123456789abcdef"):
        found.append(WorklistRow.sha256.startswith(text.lower()))
    return or_(*found)
