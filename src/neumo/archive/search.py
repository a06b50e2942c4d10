"""Finding readings on record, newest first, page by page along an index."""

from dataclasses import dataclass

from sqlalchemy import Engine, select, tuple_

from neumo.archive.database import reading_session
from neumo.archive.schema import ReadingRow
from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Status

LARGEST_PAGE = 1000


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
        None for a refusal or failure.
    """

    id: int
    recorded_at: str
    source: str
    status: str
    finding: str | None


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
    """Return readings that match all that is given, newest first.

    A page begins after a reading rather than after a count, so that what is recorded meanwhile shifts nothing.

    Parameters
    ----------
    engine : Engine
    finding, status, source : optional
    limit : int
        Readings on a page, 1-1000.
    after : str, optional
        From the page before.

    Raises
    ------
    ArchiveError
        `limit` is out of range, or `after` comes from no page.
    ArchiveUnavailableError
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise ArchiveError(f"limit: {limit} is out of range; give 1 to {LARGEST_PAGE}")
    place = (ReadingRow.recorded_at, ReadingRow.id)
    query = select(ReadingRow).order_by(*(column.desc() for column in place)).limit(limit + 1)
    if finding is not None:
        query = query.where(ReadingRow.finding == finding.value)
    if status is not None:
        query = query.where(ReadingRow.status == status.value)
    if source is not None:
        query = query.where(ReadingRow.source == source)
    if after is not None:
        query = query.where(tuple_(*place) < tuple_(*_place(after)))
    with reading_session(engine) as session:
        found = [
            Found(row.id, row.recorded_at, row.source, row.status, row.finding)
            for row in session.scalars(query)
        ]
    page = tuple(found[:limit])
    more = len(found) > limit
    return Page(page, f"{page[-1].recorded_at}/{page[-1].id}" if more else None)


def _place(after: str) -> tuple[str, int]:
    time, _, number = after.partition("/")
    if not time or not number.isdecimal() or int(number) >= 2**31:
        raise ArchiveError(f"after: {after!r} comes from no page; give what the page before ended with")
    return time, int(number)
