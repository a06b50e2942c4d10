"""Queries which decision stands for each reading, as `neumo.core.decision.standing` says it of decisions in memory."""

from typing import Any

from sqlalchemy import Select, case, func, select

from neumo.records.schema import DecisionRow, ReadingRow


def with_standing_decision(query: Select[Any]) -> Select[Any]:
    """Join a query of `ReadingRow` with the decision that stands for each reading; NULL where nobody decided."""
    # The newest verified decision, else the newest.
    verified = func.max(case((DecisionRow.verifier.is_not(None), DecisionRow.revision)))
    stands = func.coalesce(verified, func.max(DecisionRow.revision)).label("revision")
    standing = select(DecisionRow.reading_id, stands).group_by(DecisionRow.reading_id).subquery()
    return query.outerjoin(standing, standing.c.reading_id == ReadingRow.id).outerjoin(
        DecisionRow,
        (DecisionRow.reading_id == standing.c.reading_id) & (DecisionRow.revision == standing.c.revision),
    )
