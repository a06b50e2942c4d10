"""Records that a person filtered or sorted by the model's answers.

Such a search tells something of every reading on record, also of those that it leaves out: what does not match
"pneumonia" is something else. Nobody's later decision on them is blinded.
"""

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from neumo.records.audit_log import insert, now
from neumo.records.canonical import checked_name
from neumo.records.database import reading_session, writing_session
from neumo.records.schema import AnswerSearchRow, WorklistRow


def note_answer_search(engine: Engine, person: str) -> None:
    """Record the search, unless nothing was recorded since the person's last one. Raises ArchiveUnavailableError."""
    person = checked_name("person", person)
    with reading_session(engine) as session:
        newest = session.scalar(select(func.max(WorklistRow.recorded_at)))
        if newest is None or searched_since(session, person, newest):
            return
    with writing_session(engine) as session:
        insert(session, person, "search", AnswerSearchRow(person=person, at=now()))


def searched_since(session: Session, person: str, moment: str) -> bool:
    """Whether a person searched by answers at a moment or later (ISO 8601 in UTC)."""
    query = select(AnswerSearchRow.id).where(AnswerSearchRow.person == person, AnswerSearchRow.at >= moment)
    return session.scalar(query.limit(1)) is not None
