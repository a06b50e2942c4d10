"""Searches readings on record, page by page along an index."""

import math
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Engine, Select, func, select, tuple_
from sqlalchemy.orm import Session

from neumo.records.database import reading_session
from neumo.records.filters import FilterError, Filters, Sort, conditions, moment
from neumo.records.schema import MAX_NUMBER, DecisionRow, WorklistRow
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
        How many match in all, at most one more than was asked for; None where they were not counted.
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
        raise FilterError("limit", "{limit} is out of range; give 1 to {most}", limit=limit, most=MAX_PAGE)
    with reading_session(engine) as session:
        return page(session, filters or Filters(), sort=sort, limit=limit, after=after, count_to=count_to)


def neighbours(
    engine: Engine, reading: int, filters: Filters | None = None, *, sort: Sort = Sort.NEWEST
) -> tuple[int | None, int | None]:
    """Return the readings before and after one in an order, among those that match.

    The reading itself need not match: whoever decided on it goes on from its place in the list that it was in.

    Parameters
    ----------
    engine : Engine
    reading : int
        Its number.
    filters : Filters, optional
    sort : Sort

    Returns
    -------
    int or None
        Number of the reading before it; None where there is none, or the reading has no place in this order.
    int or None
        Of the one after it.

    Raises
    ------
    FilterError
    ArchiveUnavailableError
    """
    with reading_session(engine) as session:
        key = session.scalar(
            select(WorklistRow.recorded_at if sort.by_time else WorklistRow.normal).where(
                WorklistRow.reading_id == reading
            )
        )
        if key is None:
            return None, None
        place = f"{key if sort.by_time else repr(key)}/{reading}"
        before, after = (
            session.execute(page_query(filters or Filters(), sort=order, limit=1, after=place)).first()
            for order in (sort.reversed, sort)
        )
        return (None if before is None else before[1]), (None if after is None else after[1])


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
    last = len(found) <= limit
    count = None
    if count_to is not None:
        whole = last and after is None
        count = len(found) if whole else session.scalar(_count_query(filters, sort=sort, limit=count_to))
    if last:
        return Page(readings, None, count)
    key, number = found[limit - 1]
    return Page(readings, f"{key if sort.by_time else repr(key)}/{number}", count)


def page_query(filters: Filters, *, sort: Sort, limit: int, after: str | None) -> Select[Any]:
    """Return the query for key and number of a page's readings, and of one more. Raises FilterError."""
    key: Any = WorklistRow.recorded_at if sort.by_time else WorklistRow.normal
    place = (key, WorklistRow.reading_id)
    query = select(*place)
    if after is not None:
        ours, given = tuple_(*place), _place(after, sort)
        query = query.where(ours < tuple_(*given) if sort.falling else ours > tuple_(*given))
        filters = _narrowed(filters, sort, str(given[0]))
    if not sort.by_time:
        query = query.where(key.is_not(None))
    query = query.where(*conditions(filters)).limit(limit + 1)
    query = query.order_by(*(column.desc() if sort.falling else column.asc() for column in place))
    if filters.few or (sort.by_time and filters.one_column):
        return query  # SQLite looks the readings up by their numbers, or walks along the column's own index
    return _along(query, "worklist_by_time" if sort.by_time else "worklist_by_normal")


def _count_query(filters: Filters, *, sort: Sort, limit: int) -> Select[Any]:
    """Return the query for the number of readings that match, up to one more than `limit`."""
    # An order by probability holds only readings with an answer, which these two filters imply.
    any_answer = not sort.by_time and filters.finding is None and filters.verdict is None
    if filters.decided_by is None:
        query = select(WorklistRow.reading_id)
        if not filters.few and (any_answer or not filters.one_column):
            query = _along(query, "worklist_by_time")
    else:  # from that person's decisions, rather than along all readings
        query = select(DecisionRow.reading_id).distinct().where(DecisionRow.person == filters.decided_by)
        query = query.join(WorklistRow, WorklistRow.reading_id == DecisionRow.reading_id)
        filters = replace(filters, decided_by=None)
    if any_answer:
        query = query.where(WorklistRow.finding.is_not(None))
    found = query.where(*conditions(filters)).limit(limit + 1).subquery()
    return select(func.count()).select_from(found)


def _along(query: Select[Any], index: str) -> Select[Any]:
    """Make SQLite, which knows no statistics of the tables, walk along an index that holds all filtered columns."""
    return query.with_hint(WorklistRow, f"INDEXED BY {index}", "sqlite")


def _narrowed(filters: Filters, sort: Sort, time: str) -> Filters:
    """Return filters whose period ends or begins where a page does, since SQLite goes along an index from there."""
    if sort is Sort.NEWEST and filters.until is not None:
        return replace(filters, until=min(time, moment("until", filters.until, end=True)))
    if sort is Sort.OLDEST and filters.since is not None:
        return replace(filters, since=max(time, moment("since", filters.since)))
    return filters


def sources(engine: Engine, *, limit: int = 100) -> tuple[str, ...]:
    """Return the sources of readings, sorted, at most `limit` of them. Raises ArchiveUnavailableError."""
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
        "after",
        "{after!r} comes from no page of this order; give what the page before ended with",
        after=after,
    )


def _is_key(key: str | float, text: str) -> bool:
    return key == text if isinstance(key, str) else math.isfinite(key)
