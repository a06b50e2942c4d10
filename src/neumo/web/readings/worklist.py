"""The worklist: readings on record that match, page by page along an index, and what people decided of them."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Select, String, and_, cast, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from neumo.core.findings import Finding
from neumo.core.reading import Reading, Status
from neumo.records.database import reading_session
from neumo.records.details import body_of, probabilities_of
from neumo.records.schema import DecisionRow, ReadingRow
from neumo.web.http.problems import Problem

COUNTED: Final = 10_000
"""Matches up to which they are counted."""
SORTS: Final = ("-time", "time", "-pneumonia", "pneumonia")
_HASH_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Filters:
    """What the worklist is narrowed to; None narrows nothing.

    Attributes
    ----------
    text : str or None
        Part of a file's name, the beginning of its SHA-256, or a reading's number.
    since, until : str or None
        A day or a time, ISO 8601, both inclusive.
    decided, undecided, disagreement : bool or None
        See docs/reference/api.md.
    for_person : str or None
        Whoever must not learn the answer of a reading before deciding on it; None withholds nothing.
    """

    text: str | None = None
    finding: Finding | None = None
    status: Status | None = None
    undecided: bool | None = None
    disagreement: bool | None = None
    decided: bool | None = None
    since: str | None = None
    until: str | None = None
    source: str | None = None
    ids: tuple[int, ...] = ()
    for_person: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A reading on record, its whole body, and the decisions on it in their order.

    Of a reading that was purged the body holds what the archive's columns still say, and nothing else.
    """

    id: int
    recorded_at: str
    source: str
    body: Mapping[str, Any]
    decisions: tuple[DecisionRow, ...]
    purged: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some readings, and the cursor of those that follow; None on the last page."""

    rows: tuple[Row, ...]
    next: str | None


def page(archive: Engine, filters: Filters, *, sort: str, cursor: str | None, limit: int) -> Page:
    """Return the readings after `cursor`. Raises Problem for a cursor of no page, ArchiveUnavailableError."""
    key: ColumnElement[Any] = ReadingRow.normal if "pneumonia" in sort else ReadingRow.recorded_at  # type: ignore[assignment]
    # The less probable NORMAL is, the more probable is pneumonia.
    falling = sort in ("-time", "pneumonia")
    place = (key, ReadingRow.id)
    query = _matching(select(ReadingRow), filters, archive.dialect.name)
    if "pneumonia" in sort:
        query = _without_giving_away(query.where(ReadingRow.normal.is_not(None)), filters)
    if cursor is not None:
        after = tuple_(*_place(cursor, sort))
        query = query.where(tuple_(*place) < after if falling else tuple_(*place) > after)
    query = query.order_by(*(column.desc() if falling else column.asc() for column in place))
    with reading_session(archive) as session:
        found = list(session.scalars(query.limit(limit + 1)))
        rows = _rows(session, found[:limit])
        more = len(found) > limit
        last = found[limit - 1] if more else None
        value = None if last is None else (last.normal if "pneumonia" in sort else last.recorded_at)
        return Page(rows, None if last is None else _cursor(sort, value, last.id))


def count(archive: Engine, filters: Filters) -> int:
    """Count matches, up to one more than `COUNTED`. Raises ArchiveUnavailableError."""
    query = _matching(select(ReadingRow.id), filters, archive.dialect.name).limit(COUNTED + 1)
    with reading_session(archive) as session:
        return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def sources(archive: Engine) -> list[str]:
    """Return where readings came from, sorted, by hops along the index instead of a walk through all rows."""
    found: list[str] = []
    with reading_session(archive) as session:
        while len(found) < 100:
            query = select(func.min(ReadingRow.source))
            following = session.scalar(query.where(ReadingRow.source > found[-1]) if found else query)
            if following is None:
                break
            found.append(following)
    return found


def _matching(query: Select[Any], filters: Filters, dialect: str) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if filters.ids:
        conditions.append(ReadingRow.id.in_(filters.ids))
    if filters.status is not None:
        conditions.append(ReadingRow.status == filters.status.value)
    if filters.source is not None:
        conditions.append(ReadingRow.source == filters.source)
    if filters.since is not None:
        conditions.append(ReadingRow.recorded_at >= _moment(filters.since, "from", end=False))
    if filters.until is not None:
        conditions.append(ReadingRow.recorded_at <= _moment(filters.until, "to", end=True))
    if filters.text:
        conditions.append(_text(filters.text, dialect))
    if filters.decided is not None:
        by = [] if filters.for_person is None else [DecisionRow.person == filters.for_person]
        decided = exists().where(DecisionRow.reading_id == ReadingRow.id, *by)
        conditions.append(decided if filters.decided else ~decided)
    query = query.where(*conditions)
    telling = _telling(filters, dialect)
    return _without_giving_away(query.where(*telling), filters) if telling else query


def _telling(filters: Filters, dialect: str) -> list[ColumnElement[bool]]:
    """Return the conditions that would give an answer away."""
    conditions: list[ColumnElement[bool]] = []
    if filters.finding is not None:
        conditions.append(ReadingRow.finding == filters.finding.value)
    if filters.undecided is not None:
        several = _set_size(dialect) > 1
        conditions.append(several if filters.undecided else and_(ReadingRow.finding.is_not(None), ~several))
    if filters.disagreement is not None:
        differs = exists().where(DecisionRow.reading_id == ReadingRow.id, DecisionRow.agrees.is_(False))
        conditions.append(differs if filters.disagreement else ~differs)
    return conditions


def _without_giving_away(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.for_person is None:
        return query
    return query.where(
        exists().where(DecisionRow.reading_id == ReadingRow.id, DecisionRow.person == filters.for_person)
    )


def _set_size(dialect: str) -> ColumnElement[int]:
    if dialect == "postgresql":
        findings = cast(ReadingRow.body, JSONB)["prediction_set"]
        return func.jsonb_array_length(func.nullif(findings, cast("null", JSONB)))
    return func.json_array_length(ReadingRow.body, "$.prediction_set")


def _text(text: str, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        body = cast(ReadingRow.body, JSONB)
        file, sha256 = body["file"].astext, body["sha256"].astext
    else:
        file, sha256 = (
            cast(func.json_extract(ReadingRow.body, f"$.{key}"), String) for key in ("file", "sha256")
        )
    found: list[ColumnElement[bool]] = [file.icontains(text, autoescape=True)]
    if text.isascii() and text.isdecimal() and int(text) < 2**31:
        found.append(ReadingRow.id == int(text))
    if len(text) >= _HASH_DIGITS and not set(text.lower()) - set("0123456789abcdef"):
        found.append(sha256.startswith(text.lower()))
    return or_(*found)


def _rows(session: Session, readings: Sequence[ReadingRow]) -> tuple[Row, ...]:
    decisions: dict[int, list[DecisionRow]] = {reading.id: [] for reading in readings}
    query = select(DecisionRow).where(DecisionRow.reading_id.in_(decisions))
    for decision in session.scalars(query.order_by(DecisionRow.reading_id, DecisionRow.revision)):
        decisions[decision.reading_id].append(decision)
    session.expunge_all()
    return tuple(_row(reading, tuple(decisions[reading.id])) for reading in readings)


def _row(reading: ReadingRow, decisions: tuple[DecisionRow, ...]) -> Row:
    body = body_of(reading)
    purged = body is None
    if body is None:
        body = {
            **Reading("", None, Status(reading.status)).to_json(),
            "finding": reading.finding,
            "probabilities": probabilities_of(reading),
        }
    return Row(reading.id, reading.recorded_at, reading.source, body, decisions, purged)


def row(archive: Engine, identifier: int) -> Row:
    """Return one reading. Raises Problem where there is none, ArchiveUnavailableError."""
    with reading_session(archive) as session:
        found = session.get(ReadingRow, identifier)
        if found is None:
            raise Problem(404, "not_found")
        return _rows(session, [found])[0]


def _moment(text: str, field: str, *, end: bool) -> str:
    """Return a day's first or last moment, or a time, as the archive writes times."""
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-11-23"):
            moment = datetime.combine(moment.date(), time.max if end else time.min)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise Problem(
            422, "invalid", errors=[{"field": field, "message": "give a day (2026-11-23) or a time"}]
        ) from error


def _cursor(sort: str, value: Any, identifier: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, value, identifier]).encode()).decode().rstrip("=")


def _place(cursor: str, sort: str) -> tuple[Any, int]:
    try:
        kept, value, identifier = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        expected = float if "pneumonia" in sort else str
        if kept == sort and isinstance(value, expected) and 0 <= identifier < 2**31:
            return value, int(identifier)
    except (ValueError, TypeError, binascii.Error):
        pass
    message = "comes from no page of this list"
    raise Problem(422, "invalid", errors=[{"field": "cursor", "message": message}])
