"""Parts of queries of `ReadingRow`: the decision that stands for each reading, and a period of recording."""

from typing import Any, TypeVar

from sqlalchemy import Select, case, func, select

from neumo.records.schema import DecisionRow, ReadingRow

_Query = TypeVar("_Query", bound="Select[*tuple[Any, ...]]")


def with_standing_decision(query: Select[Any]) -> Select[Any]:
    """Join a query of `ReadingRow` with the decision that stands for each reading; NULL where nobody decided.

    Which one stands is as `neumo.core.decision.standing` says it of decisions in memory.
    """
    # The newest verified decision, else the newest.
    verified = func.max(case((DecisionRow.verifier.is_not(None), DecisionRow.revision)))
    stands = func.coalesce(verified, func.max(DecisionRow.revision)).label("revision")
    standing = select(DecisionRow.reading_id, stands).group_by(DecisionRow.reading_id).subquery()
    return query.outerjoin(standing, standing.c.reading_id == ReadingRow.id).outerjoin(
        DecisionRow,
        (DecisionRow.reading_id == standing.c.reading_id) & (DecisionRow.revision == standing.c.revision),
    )


def recorded_between(query: _Query, since: str | None, until: str | None) -> _Query:
    """Keep the readings recorded from `since` to `until`, both included; None leaves an end open.

    Times are as `neumo.records.filters.moment` writes them.
    """
    if since is not None:
        query = query.where(ReadingRow.recorded_at >= since)
    if until is not None:
        query = query.where(ReadingRow.recorded_at <= until)
    return query
