"""Filters and orders of readings on record, as conditions on the worklist's table."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select

from neumo.core.answer import Verdict
from neumo.core.errors import ArchiveError
from neumo.core.labels import Outcome
from neumo.core.message import Message
from neumo.core.patient import Sex
from neumo.core.reading import Status
from neumo.records.patient_index import searched_words
from neumo.records.schema import (
    FILTER_COLUMNS,
    MAX_NUMBER,
    DecisionRow,
    PatientWordRow,
    ReadingRow,
    SubjectRow,
    WorklistRow,
)
from neumo.records.search_index import searchable

MAX_AGE: Final = 150
"""Years that can be asked for."""
_DAY: Final = len("2026-01-31")
_MIN_HASH_DIGITS: Final = 8
_LAST: Final = "\U0010ffff"
"""Sorts behind whatever continues a word."""


class FilterError(ArchiveError):
    """A filter or a page's place cannot be used.

    Parameters
    ----------
    key : str
        Such as "since" or "after".
    fault : str
        What is wrong with it and what to give instead.
    **values
        As of any error.
    """

    def __init__(self, key: str, fault: str, /, **values: object) -> None:
        self.key, self.fault = key, Message(fault, **values)
        super().__init__("{key}: {fault}", key=key, fault=self.fault)


class Sort(StrEnum):
    """Orders of readings; those by probability hold only readings with an answer."""

    NEWEST = "-time"
    OLDEST = "time"
    PNEUMONIA_FALLING = "-pneumonia"
    PNEUMONIA_RISING = "pneumonia"

    @property
    def by_time(self) -> bool:
        """Whether it sorts by time rather than by the probability of pneumonia."""
        return self in (Sort.NEWEST, Sort.OLDEST)

    @property
    def falling(self) -> bool:
        """Whether its column falls: the less probable NORMAL is, the more probable is pneumonia."""
        return self in (Sort.NEWEST, Sort.PNEUMONIA_RISING)

    @property
    def reversed(self) -> "Sort":
        """The same column in the other direction."""
        return Sort(self.value.removeprefix("-") if self.value.startswith("-") else f"-{self.value}")


@dataclass(frozen=True, slots=True)
class Filters:
    """Filter of readings; all conditions must hold, None is no condition.

    Attributes
    ----------
    finding : Outcome or None
        The model's most probable one; refusals and failures have none.
    status : Status or None
        Such as `Status.REFUSED`.
    source : str or None
        Exactly.
    verdict : Verdict or None
        The model's; refusals and failures have none.
    decided : bool or None
        Whether somebody decided.
    disagreement : bool or None
        Whether somebody's decision, of whatever revision, contradicts the model's answer.
    decided_by, not_decided_by : str or None
        A person who decided, or who did not yet.
    since, until : str or None
        A day or a time of recording in ISO 8601, in UTC where it names no zone; both inclusive.
    text : str or None
        Part of the last 400 characters of the file's path in upper or lower case, at least 8 digits with which its
        SHA-256 begins, or a reading's number. Purged readings are found by number only.
    patient : str or None
        A patient's hash (see `neumo.records.subjects.patient_hash`).
    patient_words : str or None
        Beginnings of words of the patient's name, Patient ID, accession number or institution, or of the day of birth
        or study; all of them must match. Accents, case and punctuation do not count.
    patient_key : str or None
        What readings of one patient share (see `neumo.records.patient_index.patient_key`).
    sex : Sex or None
        Of the patient.
    age_from, age_to : float or None
        Of the patient at the study, in years, both inclusive: a whole number as `age_to` includes all who have not
        had their next birthday, so that 1 to 5 ends before the sixth. Readings without an age match no range.
    unnamed : bool
        For somebody who may not see patients: `text` does not look into paths of files that state a patient, or that
        could not be read and may state one.
    ids : tuple of int
        Numbers of readings; empty for all.
    """

    verdict: Verdict | None = None
    finding: Outcome | None = None
    status: Status | None = None
    source: str | None = None
    decided: bool | None = None
    disagreement: bool | None = None
    decided_by: str | None = None
    not_decided_by: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    patient: str | None = None
    patient_words: str | None = None
    patient_key: str | None = None
    sex: Sex | None = None
    age_from: float | None = None
    age_to: float | None = None
    unnamed: bool = False
    ids: tuple[int, ...] = ()

    @property
    def few(self) -> bool:
        """Whether only few readings can match, which are found by their numbers."""
        return bool(self.ids) or any((self.patient, self.patient_words, self.patient_key))

    @property
    def one_column(self) -> bool:
        """Whether at most one column and a period are filtered by, for which there is an index by time."""
        others = [field.name for field in fields(self) if field.name not in FILTER_COLUMNS]
        columns = [name for name in FILTER_COLUMNS if getattr(self, name) is not None]
        return len(columns) <= 1 and not any(
            _is_set(getattr(self, name)) for name in others if name not in ("since", "until")
        )


def _is_set(value: Any) -> bool:
    return isinstance(value, float) or bool(value)  # an age of 0 is one


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the filters as conditions on `WorklistRow`. Raises FilterError for a time that is none."""
    row = WorklistRow
    found = [
        getattr(row, name) == value
        for name in FILTER_COLUMNS
        if (value := getattr(filters, name)) is not None
    ]
    if filters.since is not None:
        found.append(row.recorded_at >= moment("since", filters.since))
    if filters.until is not None:
        found.append(row.recorded_at <= moment("until", filters.until, end=True))
    found.extend(_of_age(filters))
    if filters.ids:
        found.append(row.reading_id.in_([number for number in filters.ids if 0 <= number <= MAX_NUMBER]))
    if filters.text:
        found.append(_text(filters.text, filters.unnamed))
    if filters.patient is not None:
        found.append(row.reading_id.in_(_of_patient(filters.patient)))
    if filters.patient_words is not None:
        found.extend(_with_words(filters.patient_words))
    if filters.patient_key is not None:
        found.append(row.patient_key == filters.patient_key if filters.patient_key else false())
    if filters.decided_by is not None:
        found.append(row.reading_id.in_(_decided_by(filters.decided_by)))
    if filters.not_decided_by is not None:
        found.append(row.reading_id.not_in(_decided_by(filters.not_decided_by)))
    return found


def moment(key: str, text: str, *, end: bool = False) -> str:
    """Return a time, or a day's first or last moment, as the archive writes times. Raises FilterError."""
    try:
        value = datetime.fromisoformat(text)
        if len(text) <= _DAY:
            value = datetime.combine(value.date(), time.max if end else time.min)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FilterError(
            key, "{text!r} is no time; give a day (2026-01-31) or a time (2026-01-31T08:00)", text=text
        ) from error
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _of_age(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the range of ages as conditions. Raises FilterError for one that is none."""
    youngest, oldest, found = filters.age_from, filters.age_to, list[ColumnElement[bool]]()
    for key, age in (("age_from", youngest), ("age_to", oldest)):
        if age is not None and not 0 <= age <= MAX_AGE:
            raise FilterError(key, "{age:g} is no age; give years from 0 to {most}", age=age, most=MAX_AGE)
    if youngest is not None and oldest is not None and youngest > oldest:
        raise FilterError(
            "age_from",
            "{youngest:g} is more than age_to, {oldest:g}; exchange the two",
            youngest=youngest,
            oldest=oldest,
        )
    if youngest is not None:
        found.append(WorklistRow.age >= youngest)
    if oldest is not None:
        whole = float(oldest).is_integer()
        found.append(WorklistRow.age < oldest + 1 if whole else WorklistRow.age <= oldest)
    return found


def _decided_by(person: str) -> Select[Any]:
    return select(DecisionRow.reading_id).where(DecisionRow.person == person)


def _of_patient(patient: str) -> Select[Any]:
    return (
        select(ReadingRow.id)
        .join(SubjectRow, SubjectRow.id == ReadingRow.subject_id)
        .where(SubjectRow.patient_hash == patient)
    )


def _with_words(text: str) -> list[ColumnElement[bool]]:
    """Return a condition for each word that is searched; none matches where nothing is left of the text."""
    word = PatientWordRow.word
    found: list[ColumnElement[bool]] = []
    for forms in searched_words(text):
        begins = or_(*(and_(word >= form, word < form + _LAST) for form in sorted(forms)))
        found.append(WorklistRow.reading_id.in_(select(PatientWordRow.reading_id).where(begins)))
    return found or [false()]


def _text(text: str, unnamed: bool) -> ColumnElement[bool]:
    in_path = WorklistRow.path.contains(searchable(text), autoescape=True)
    if unnamed:
        in_path &= ~exists().where(PatientWordRow.reading_id == WorklistRow.reading_id)
        in_path &= WorklistRow.status != Status.FAILED.value
    found: list[ColumnElement[bool]] = [in_path]
    if len(text) <= len(str(MAX_NUMBER)) and text.isascii() and text.isdecimal() and int(text) <= MAX_NUMBER:
        found.append(WorklistRow.reading_id == int(text))
    digits = text.lower()
    if len(digits) >= _MIN_HASH_DIGITS and not set(digits) - set("0123456789abcdef"):
        named: Any = WorklistRow.__table__.alias("named")
        begin = (named.c.sha256 >= digits, named.c.sha256 < f"{digits}g")
        found.append(WorklistRow.reading_id.in_(select(named.c.reading_id).where(*begin)))
    return or_(*found)
