"""Records that a person had an answer stated for another prevalence or operating point than the reading's own."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from neumo.core.message import Message, joined
from neumo.records.audit_log import insert, now
from neumo.records.canonical import checked_name, storable
from neumo.records.database import reading_session, writing_session
from neumo.records.schema import RestatementRow

SCREEN = "screen"
"""Result of a restatement that is only shown."""


@dataclass(frozen=True, slots=True)
class Restatement:
    """A restatement: person, time (ISO 8601 in UTC), place, prevalence and operating point; None is the reading's own.

    Attributes
    ----------
    person, at : str
    result : str
        `SCREEN`, or the name of a file.
    prevalence : float or None
        Of pneumonia, above 0 and below 1.
    operating_point : str or None
    """

    person: str
    at: str
    result: str
    prevalence: float | None
    operating_point: str | None

    def __str__(self) -> str:
        return str(self.words)

    @property
    def words(self) -> Message:
        """For people: "report.pdf at prevalence 0.2, operating point balanced"."""
        stated = [
            *(
                []
                if self.prevalence is None
                else [Message("prevalence {prevalence:g}", prevalence=self.prevalence)]
            ),
            *(
                []
                if self.operating_point is None
                else [Message("operating point {point}", point=self.operating_point)]
            ),
        ]
        return Message("{result} at {stated}", result=self.result, stated=joined(", ", stated))


def note_restatement(
    engine: Engine,
    reading: int,
    *,
    person: str,
    result: str,
    prevalence: float | None,
    operating_point: str | None,
) -> None:
    """Record a restatement, each once for a person and a result; parameters as the attributes of `Restatement`.

    Raises ArchiveError, ArchiveUnavailableError.
    """
    person, point = (
        checked_name("person", person),
        None if operating_point is None else storable(operating_point),
    )
    values = {
        "reading_id": reading,
        "person": person,
        "result": result,
        "prevalence": prevalence,
        "operating_point": point,
    }
    same = [
        column.is_(None) if values[column.key] is None else column == values[column.key]
        for column in RestatementRow.__table__.columns
        if column.key in values
    ]
    with reading_session(engine) as session:
        if session.scalar(select(RestatementRow.id).where(*same).limit(1)) is not None:
            return
    with writing_session(engine) as session:
        insert(session, person, "restate", RestatementRow(at=now(), **values))


def restatements_of(engine: Engine, reading: int) -> tuple[Restatement, ...]:
    """Return a reading's restatements, oldest first. Raises ArchiveUnavailableError."""
    row = RestatementRow
    query = select(row.person, row.at, row.result, row.prevalence, row.operating_point)
    with reading_session(engine) as session:
        found = session.execute(query.where(row.reading_id == reading).order_by(row.id)).all()
    return tuple(Restatement(*values) for values in found)
