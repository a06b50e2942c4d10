"""Queries the readings on record in a period, with the decision that stands for each."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, case, select

from neumo.core.decision import Conclusion
from neumo.core.labels import Outcome, outcome_of
from neumo.core.reading import Status
from neumo.records.database import reading_session
from neumo.records.log_coverage import EMPTIED
from neumo.records.schema import DecisionRow, ReadingRow
from neumo.records.standing import recorded_between, with_standing_decision

_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Decided:
    """A reading's answer beside what was decided in the end.

    Attributes
    ----------
    month : str
        When it was recorded, such as "2026-01", in UTC.
    reader : Outcome
        The model's most probable one.
    final : Conclusion
        Of the decision that stands.
    agrees : bool or None
        Whether that person agrees with the reading; None where the reading states nothing to agree with.
    called_pneumonia : bool
        Whether the model's probability of pneumonia reached its threshold.
    blinded : bool
        Whether the decision was made before the answer was shown to that person.
    bundle : str
        Digest of the bundle that answered.
    at : str
        When it was decided, ISO 8601 in UTC.
    """

    month: str
    reader: Outcome
    final: Conclusion
    agrees: bool | None
    called_pneumonia: bool
    blinded: bool
    bundle: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A reading that ended with an answer or a refusal.

    Attributes
    ----------
    bundle : str
        Digest of the bundle that made it.
    refused : bool
    distance : float or None
        Of the gate; None where reading ended before the network.
    pneumonia : float or None
        Its probability, in 0-1; None for a refusal.
    at : str
        When it was recorded, ISO 8601 in UTC.
    """

    bundle: str
    refused: bool
    distance: float | None
    pneumonia: float | None
    at: str


@dataclass(frozen=True, slots=True)
class History:
    """Readings of a period, oldest first.

    Attributes
    ----------
    read : tuple of Read
    decided : tuple of Decided
        Those with an answer on which somebody decided.
    failed, purged : int
        Readings left out, since they failed, or since their bodies were purged.
    """

    read: tuple[Read, ...]
    decided: tuple[Decided, ...]
    failed: int
    purged: int


def history(
    engine: Engine, *, since: str | None = None, until: str | None = None, after: str | None = None
) -> History:
    """Query the readings and decisions that were recorded in a period.

    Parameters
    ----------
    engine : Engine
    since, until, after : str, optional
        Times as `neumo.records.filters.moment` writes them: the first and last included, and the last not included.

    Raises
    ------
    ArchiveUnavailableError
    """
    read: list[Read] = []
    decided: list[Decided] = []
    failed = purged = 0
    with reading_session(engine) as session:
        for row in session.execute(_query(since, until, after).execution_options(yield_per=_ROWS_AT_ONCE)):
            if row.emptied:
                purged += 1
            elif row.status == Status.FAILED:
                failed += 1
            else:
                read.append(_read(row))
                if row.final is not None and row.finding is not None:
                    decided.append(_decided(row))
    return History(tuple(read), tuple(decided), failed, purged)


def _query(since: str | None, until: str | None, after: str | None) -> Select[Any]:
    query = with_standing_decision(
        select(
            ReadingRow.recorded_at,
            ReadingRow.status,
            ReadingRow.finding,
            ReadingRow.normal,
            ReadingRow.distance,
            ReadingRow.bundle_digest,
            (ReadingRow.body == EMPTIED).label("emptied"),
            # Bodies are long, and only those of decided readings are looked into.
            case((DecisionRow.id.is_not(None), ReadingRow.body)).label("body"),
            DecisionRow.conclusion.label("final"),
            DecisionRow.agrees,
            DecisionRow.blinded,
            DecisionRow.at.label("decided_at"),
        )
    ).order_by(ReadingRow.recorded_at, ReadingRow.id)
    query = recorded_between(query, since, until)
    if after is not None:
        query = query.where(ReadingRow.recorded_at > after)
    return query


def _read(row: Any) -> Read:
    return Read(
        bundle=row.bundle_digest,
        refused=row.status == Status.REFUSED,
        distance=row.distance,
        pneumonia=None if row.normal is None else 1 - row.normal,
        at=row.recorded_at,
    )


def _decided(row: Any) -> Decided:
    return Decided(
        month=row.recorded_at[: len("2026-01")],
        reader=outcome_of(row.finding),
        final=Conclusion(row.final),
        agrees=row.agrees,
        called_pneumonia=bool(json.loads(row.body)["pneumonia"]),
        blinded=bool(row.blinded),
        bundle=row.bundle_digest,
        at=row.decided_at,
    )
