"""Drafts of people whose browsers cannot encrypt (plain http of another machine), each for its own person alone.

They lie in drafts.db of the data folder, beside the archive, and are never exported: a draft goes with the decision,
with the reading's content, and after some days.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, Integer, String, Text, delete, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from neumo.records.audit_log import now
from neumo.records.canonical import storable
from neumo.records.database import reading_session, writing_session
from neumo.records.log_coverage import EMPTIED
from neumo.records.schema import ReadingRow
from neumo.web.people.private_database import open_private_database

DAYS: Final = 7
"""Age at which a draft is deleted."""
MAX_TEXT: Final = 16_000
MAX_DRAFTS: Final = 500
"""Most drafts of one person; the oldest ones make room."""


class Base(DeclarativeBase):
    """Base of the one table."""


class DraftRow(Base):
    """Drafts: unsaved texts of a person about a reading; `kind` tells the forms of a page apart."""

    __tablename__ = "drafts"
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    reading: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, index=True)
    at: Mapped[str] = mapped_column(String(27))
    text: Mapped[str] = mapped_column(Text)


def open_drafts(folder: Path) -> Engine:
    """Open the drafts' database in `folder`; create it, readable by its owner alone, where there is none.

    Raises OutputError, ArchiveUnavailableError.
    """
    engine = open_private_database(folder / "drafts.db")
    with writing_session(engine) as session:
        Base.metadata.create_all(session.connection())
    return engine


def drafts_of(drafts: Engine, person: str) -> Mapping[tuple[str, int], str]:
    """Return a person's drafts by kind and reading. Raises ArchiveUnavailableError."""
    query = select(DraftRow.kind, DraftRow.reading, DraftRow.text).where(DraftRow.person == person)
    with reading_session(drafts) as session:
        return {(kind, reading): text for kind, reading, text in session.execute(query)}


def keep_draft(drafts: Engine, person: str, kind: str, reading: int, text: str) -> None:
    """Store a draft in place of the one before. Raises ArchiveUnavailableError."""
    own = DraftRow.person == person
    with writing_session(drafts) as session:
        session.merge(DraftRow(person=person, kind=kind, reading=reading, at=now(), text=storable(text)))
        session.flush()
        count = session.scalar(select(func.count()).select_from(DraftRow).where(own)) or 0
        if count > MAX_DRAFTS:
            oldest = session.scalars(
                select(DraftRow).where(own).order_by(DraftRow.at).limit(count - MAX_DRAFTS)
            )
            for row in oldest.all():
                session.delete(row)


def forget_draft(drafts: Engine, person: str, kind: str, reading: int) -> None:
    """Delete a draft, if there is one. Raises ArchiveUnavailableError."""
    row = DraftRow
    own = (row.person == person, row.kind == kind, row.reading == reading)
    with reading_session(drafts) as session:
        if session.scalar(select(row.reading).where(*own)) is None:
            return
    with writing_session(drafts) as session:
        session.execute(delete(row).where(*own))


def forget_due(drafts: Engine, archive: Engine) -> int:
    """Delete drafts that are too old, or whose reading's content was deleted, and return how many.

    Raises ArchiveUnavailableError.
    """
    with reading_session(drafts) as session:
        readings = set(session.scalars(select(DraftRow.reading)))
    if not readings:
        return 0
    with reading_session(archive) as session:
        query = select(ReadingRow.id).where(ReadingRow.id.in_(readings), ReadingRow.body != EMPTIED)
        gone = readings - set(session.scalars(query))
    before = (datetime.now(UTC) - timedelta(days=DAYS)).isoformat(timespec="microseconds")
    due = (DraftRow.at < before.replace("+00:00", "Z")) | DraftRow.reading.in_(gone)
    with writing_session(drafts) as session:
        count = session.scalar(select(func.count()).select_from(DraftRow).where(due)) or 0
        session.execute(delete(DraftRow).where(due))
    return count
