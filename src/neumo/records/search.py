"""Finding readings on record, page by page along an index."""

import math
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Select, func, select, tuple_
from sqlalchemy.orm import Session

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Status
from neumo.records.database import reading_session
from neumo.records.filters import Filters, Sort, conditions
from neumo.records.schema import LARGEST_NUMBER, ReadingRow, WorklistRow

LARGEST_PAGE = 1000
_TIME: Final = len("2026-01-31T08:00:00.000000Z")


@dataclass(frozen=True, slots=True)
class Found:
    """A reading on record.

    Attributes
    ----------
    id : int
    recorded_at : str
        ISO 8601 in UTC.
    source, status : str
    finding : str or None
        None for a refusal or failure, as are the probabilities and `undecided`.
    file : str
        As it was given; empty once the reading was purged.
    normal, bacterial, viral : float or None
        Probabilities in 0-1.
    undecided : bool or None
        Whether the prediction set holds more than one finding.
    decided : bool
        Whether somebody decided.
    disagreement : bool
        Whether somebody's decision differs from the finding.
    """

    id: int
    recorded_at: str
    source: str
    status: str
    finding: str | None
    file: str
    normal: float | None
    bacterial: float | None
    viral: float | None
    undecided: bool | None
    decided: bool
    disagreement: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some readings, and what to give as `after` for those that follow; None on the last page."""

    readings: tuple[Found, ...]
    after: str | None


def search(
    engine: Engine,
    *,
    finding: Finding | None = None,
    status: Status | None = None,
    source: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """Return readings that match all that is given, newest first; `find` with the commonest filters."""
    filters = Filters(finding=finding, status=status, source=source)
    return find(engine, filters, limit=limit, after=after)


def find(
    engine: Engine,
    filters: Filters | None = None,
    *,
    sort: Sort = Sort.NEWEST,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """Return readings that match.

    A page begins after a reading rather than after a count, so that what is recorded meanwhile shifts nothing.

    Parameters
    ----------
    engine : Engine
    filters : Filters, optional
    sort : Sort
    limit : int
        Readings on a page, 1-1000.
    after : str, optional
        From the page before, with the same filters and order.

    Raises
    ------
    ArchiveError
        `limit` is out of range, `after` comes from no such page, or a filter's time is none.
    ArchiveUnavailableError
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise ArchiveError(f"limit: {limit} is out of range; give 1 to {LARGEST_PAGE}")
    with reading_session(engine) as session:
        return page(session, filters or Filters(), sort=sort, limit=limit, after=after)


def page(session: Session, filters: Filters, *, sort: Sort, limit: int, after: str | None) -> Page:
    """Return a page as `find` does, within a session, so that several pages come from one state."""
    numbers = page_query(filters, sort=sort, limit=limit, after=after).subquery()
    # The page is cut before the wide table is looked at.
    query = (
        select(WorklistRow, ReadingRow.bacterial, ReadingRow.viral)
        .join(numbers, numbers.c.reading_id == WorklistRow.reading_id)
        .join(ReadingRow, ReadingRow.id == WorklistRow.reading_id)
        .order_by(_directed(_key(sort), sort), _directed(WorklistRow.reading_id, sort))
    )
    found = [_found(*row) for row in session.execute(query)]
    shown = tuple(found[:limit])
    if len(found) <= limit:
        return Page(shown, None)
    last = shown[-1]
    return Page(shown, f"{last.recorded_at if sort.by_time else repr(last.normal)}/{last.id}")


def page_query(filters: Filters, *, sort: Sort, limit: int, after: str | None) -> Select[Any]:
    """Return the query for the numbers of a page's readings, and of one more. Raises ArchiveError."""
    row: Any = WorklistRow
    matching = select(WorklistRow.reading_id, _key(sort)).where(*conditions(filters))
    if filters.text and not sort.by_time:
        # Along the index of probabilities, a walk for a rare text would jump to and fro in the table.
        row = matching.cte("matching").prefix_with("MATERIALIZED").c
        matching = select(row.reading_id)
    place: list[Any] = [row.recorded_at if sort.by_time else row.normal, row.reading_id]
    query = matching.with_only_columns(row.reading_id).limit(limit + 1)
    if not sort.by_time:
        query = query.where(row.normal.is_not(None))
    if after is not None:
        ours, given = tuple_(*place), tuple_(*_place(after, sort))
        query = query.where(ours < given if sort.falling else ours > given)
    return query.order_by(*(_directed(column, sort) for column in place))


def count(engine: Engine, filters: Filters, *, most: int = 10_000) -> int:
    """Count readings that match, up to one more than `most`. Raises ArchiveError, ArchiveUnavailableError."""
    query = select(WorklistRow.reading_id).where(*conditions(filters)).limit(most + 1)
    with reading_session(engine) as session:
        return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def sources(engine: Engine, *, most: int = 100) -> tuple[str, ...]:
    """Return where readings came from, sorted, at most `most` of them. Raises ArchiveUnavailableError."""
    found: list[str] = []
    with reading_session(engine) as session:
        while len(found) < most:
            # Hops along the index, instead of a walk through all readings.
            least = select(func.min(WorklistRow.source))
            following = session.scalar(least.where(WorklistRow.source > found[-1]) if found else least)
            if following is None:
                break
            found.append(following)
    return tuple(found)


def _key(sort: Sort) -> ColumnElement[Any]:
    key: Any = WorklistRow.recorded_at if sort.by_time else WorklistRow.normal
    return key  # type: ignore[no-any-return]


def _directed(column: Any, sort: Sort) -> ColumnElement[Any]:
    ordered: ColumnElement[Any] = column.desc() if sort.falling else column.asc()
    return ordered


def _found(row: WorklistRow, bacterial: float | None, viral: float | None) -> Found:
    return Found(
        id=row.reading_id,
        recorded_at=row.recorded_at,
        source=row.source,
        status=row.status,
        finding=row.finding,
        file=row.file,
        normal=row.normal,
        bacterial=bacterial,
        viral=viral,
        undecided=row.undecided,
        decided=row.decided,
        disagreement=row.disagreement,
    )


def _place(after: str, sort: Sort) -> tuple[str | float, int]:
    text, _, number = after.partition("/")
    if number.isascii() and number.isdecimal() and int(number) < LARGEST_NUMBER:
        if sort.by_time and len(text) == _TIME and text.isascii() and text.isprintable():
            return text, int(number)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not sort.by_time and math.isfinite(value):
            return value, int(number)
    raise ArchiveError(
        f"after: {after!r} comes from no page of this order; give what the page before ended with"
    )
