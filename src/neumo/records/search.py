"""Searches readings on record, page by page along an index."""

import math
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Engine, Select, func, select, tuple_
from sqlalchemy.orm import Session

from neumo.records.database import reading_session
from neumo.records.filters import FilterError, Filters, Sort, conditions, moment
from neumo.records.schema import MAX_NUMBER, WorklistRow
from neumo.records.stored_reading import StoredReading, load

MAX_PAGE: Final = 1000
_DIGITS: Final = len(str(MAX_NUMBER))


@dataclass(frozen=True, slots=True)
class Page:
    """Some readings that match.

    Attributes
    ----------
    readings : tuple of StoredReading
    after : str or None
        What to give as `after` for those that follow; None on the last page.
    count : int or None
        How many match from this page on, at most one more than was asked for; None where they were not counted.
    """

    readings: tuple[StoredReading, ...]
    after: str | None
    count: int | None = None


def search(
    engine: Engine,
    filters: Filters | None = None,
    *,
    sort: Sort = Sort.NEWEST,
    limit: int = 50,
    after: str | None = None,
    count_to: int | None = None,
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
    count_to : int, optional
        Count matches too, up to one more than this, which is at least `limit`.

    Raises
    ------
    FilterError
        `limit` is out of range, `after` comes from no such page, or a filter's time is none.
    ArchiveUnavailableError
    """
    if not 1 <= limit <= MAX_PAGE:
        raise FilterError("limit", f"{limit} is out of range; give 1 to {MAX_PAGE}")
    with reading_session(engine) as session:
        return page(session, filters or Filters(), sort=sort, limit=limit, after=after, count_to=count_to)


def page(
    session: Session,
    filters: Filters,
    *,
    sort: Sort,
    limit: int,
    after: str | None,
    count_to: int | None = None,
) -> Page:
    """Return a page as `search` does, within a session, so that several pages come from one state."""
    found = session.execute(page_query(filters, sort=sort, limit=limit, after=after)).all()
    # The page is cut before the tables with the whole readings are looked at.
    readings = load(session, [number for _, number in found[:limit]])
    if len(found) <= limit:
        return Page(readings, None, None if count_to is None else len(found))
    key, number = found[limit - 1]
    place = f"{key if sort.by_time else repr(key)}/{number}"
    if count_to is None:
        return Page(readings, place)
    matching = _matching(filters, sort, after, page=False).limit(count_to + 1).subquery()
    return Page(readings, place, session.scalar(select(func.count()).select_from(matching)))


def page_query(filters: Filters, *, sort: Sort, limit: int, after: str | None) -> Select[Any]:
    """Return the query for key and number of a page's readings, and of one more. Raises FilterError."""
    query = _matching(filters, sort, after, page=True)
    return query.order_by(*_order(sort, *query.selected_columns)).limit(limit + 1)


def _matching(filters: Filters, sort: Sort, after: str | None, *, page: bool) -> Select[Any]:
    """Return the query for key and number of all that match, to be sorted for a page, or counted."""
    key: Any = WorklistRow.recorded_at if sort.by_time else WorklistRow.normal
    query = select(key, WorklistRow.reading_id)
    if after is not None:
        place = _place(after, sort)
        ours, given = tuple_(key, WorklistRow.reading_id), tuple_(*place)
        query = query.where(ours < given if sort.falling else ours > given)
        filters = _narrowed(filters, sort, str(place[0]))
    if not sort.by_time:
        query = query.where(key.is_not(None))
    query = query.where(*conditions(filters))
    if filters.few or (sort.by_time and filters.one_column) or not (page or filters.decided_by is None):
        return query  # SQLite looks the readings up by their numbers, or walks along the column's own index
    # SQLite, which knows no statistics of the tables, is told to walk along an index that holds all filtered columns.
    return query.with_hint(
        WorklistRow, f"INDEXED BY worklist_by_{'time' if sort.by_time else 'normal'}", "sqlite"
    )


def _narrowed(filters: Filters, sort: Sort, time: str) -> Filters:
    """Return filters whose period ends or begins where a page does, since SQLite goes along an index from there."""
    if sort is Sort.NEWEST and filters.until is not None:
        return replace(filters, until=min(time, moment("until", filters.until, end=True)))
    if sort is Sort.OLDEST and filters.since is not None:
        return replace(filters, since=max(time, moment("since", filters.since)))
    return filters


def _order(sort: Sort, *columns: Any) -> list[Any]:
    return [column.desc() if sort.falling else column.asc() for column in columns]


def sources(engine: Engine, *, limit: int = 100) -> tuple[str, ...]:
    """Return where readings came from, sorted, at most `limit` of them. Raises ArchiveUnavailableError."""
    # Jumps along the index from one source to the next, instead of a walk through all readings.
    source = select(func.min(WorklistRow.source).label("source")).cte("sources", recursive=True)
    following = select(func.min(WorklistRow.source)).where(WorklistRow.source > source.c.source)
    source = source.union_all(select(following.scalar_subquery()).where(source.c.source.is_not(None)))
    with reading_session(engine) as session:
        found = session.scalars(select(source.c.source).where(source.c.source.is_not(None)).limit(limit))
        return tuple(found)


def _place(after: str, sort: Sort) -> tuple[str | float, int]:
    """Return the key and number that a page begins after. Raises FilterError."""
    text, _, number = after.partition("/")
    try:
        key = moment("after", text) if sort.by_time else float(text)
        if number.isascii() and number.isdecimal() and len(number) <= _DIGITS and _is_key(key, text):
            return key, int(number)
    except (FilterError, ValueError):
        pass
    raise FilterError(
        "after", f"{after!r} comes from no page of this order; give what the page before ended with"
    )


def _is_key(key: str | float, text: str) -> bool:
    return key == text if isinstance(key, str) else math.isfinite(key)
