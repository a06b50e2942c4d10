"""Tables of the archive. Rows are inserted and never changed; times are ISO 8601 text in UTC, which sorts."""

from typing import Final

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

MAX_NUMBER: Final = 2**31 - 1
"""Largest number of a row (INTEGER of PostgreSQL)."""
MAX_SEARCHED: Final = 400
"""Characters of a file's path that can be searched: its end. PostgreSQL indexes rows of up to 2.7 kB."""
BYTE_ORDER: Final = String(64).with_variant(String(64, collation="C"), "postgresql")
"""Text that is compared byte by byte, so that beginnings of words are found along an index."""
FILTER_COLUMNS: Final = ("verdict", "finding", "status", "source", "decided", "disagreement", "sex")


class Base(DeclarativeBase):
    """Base of all tables."""


class SubjectRow(Base):
    """An image as the hospital identifies it, by keyed hashes only (see `neumo.records.subjects`)."""

    __tablename__ = "subjects"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    keyed_hash: Mapped[str] = mapped_column(String(64), unique=True)
    patient_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    study_hash: Mapped[str | None] = mapped_column(String(64))
    series_hash: Mapped[str | None] = mapped_column(String(64))


class ReadingRow(Base):
    """An answer, refusal or failure, with the whole Reading and its receipt as JSON in `body`; "{}" once purged."""

    __tablename__ = "readings"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("subjects.id"), index=True)
    recorded_at: Mapped[str] = mapped_column(String(27))
    source: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    bundle_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    finding: Mapped[str | None] = mapped_column(String(32))
    normal: Mapped[float | None] = mapped_column(Float(53))
    bacterial: Mapped[float | None] = mapped_column(Float(53))
    viral: Mapped[float | None] = mapped_column(Float(53))
    distance: Mapped[float | None] = mapped_column(Float(53))
    body: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("content_sha256", "bundle_digest", name="readings_once"),
        Index("readings_by_time", "recorded_at", "id"),
    )


class ViewRow(Base):
    """Views of readings: who was shown an answer, and when."""

    __tablename__ = "views"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), index=True)
    person: Mapped[str] = mapped_column(String(128))
    at: Mapped[str] = mapped_column(String(27))


class RestatementRow(Base):
    """Restatements: a person had an answer stated for another prevalence or operating point, and where.

    `result` is "screen" or the name of a file.
    """

    __tablename__ = "restatements"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), index=True)
    person: Mapped[str] = mapped_column(String(128))
    at: Mapped[str] = mapped_column(String(27))
    result: Mapped[str] = mapped_column(String(32))
    prevalence: Mapped[float | None] = mapped_column(Float(53))
    operating_point: Mapped[str | None] = mapped_column(Text)


class AnswerSearchRow(Base):
    """Searches by answers: a person filtered or sorted by them, which tells something of every reading until then."""

    __tablename__ = "answer_searches"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person: Mapped[str] = mapped_column(String(128))
    at: Mapped[str] = mapped_column(String(27))
    __table_args__ = (Index("answer_searches_by_person", "person", "at"),)


class CommissioningRow(Base):
    """A step of commissioning a bundle at the site: who took it, when, and of which run.

    `step` is "commission", "cancel", "accept" or "sign"; `sha256` the digest of the bundle that it is about.
    """

    __tablename__ = "commissionings"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person: Mapped[str] = mapped_column(String(128))
    at: Mapped[str] = mapped_column(String(27))
    step: Mapped[str] = mapped_column(String(16))
    run: Mapped[str] = mapped_column(String(32))
    site: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


class DecisionRow(Base):
    """Decisions on readings; those of several people, and of one person twice, are all stored."""

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(Integer)
    person: Mapped[str] = mapped_column(String(128))
    at: Mapped[str] = mapped_column(String(27))
    conclusion: Mapped[str] = mapped_column(String(32))
    abnormality: Mapped[str] = mapped_column(Text)
    agrees: Mapped[bool | None] = mapped_column(Boolean)
    blinded: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text)
    verifier: Mapped[str | None] = mapped_column(Text)
    organization: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("reading_id", "revision", name="decisions_in_order"),
        Index("decisions_by_person", "person", "reading_id"),
    )


class WorklistRow(Base):
    """Search index of readings, derived from the tables above so that every search goes along an index.

    It is no evidence: decisions and purges change it, and `neumo audit verify` compares it with the other tables. Both
    `worklist_by_time` and `worklist_by_normal` hold all that filters look at, so that no filter needs the table itself.
    """

    __tablename__ = "worklist"
    reading_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    recorded_at: Mapped[str] = mapped_column(String(27))
    source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    finding: Mapped[str | None] = mapped_column(String(32))
    normal: Mapped[float | None] = mapped_column(Float(53))
    verdict: Mapped[str | None] = mapped_column(String(16))
    decided: Mapped[bool] = mapped_column(Boolean)
    disagreement: Mapped[bool] = mapped_column(Boolean)
    path: Mapped[str] = mapped_column(String(MAX_SEARCHED))
    sha256: Mapped[str] = mapped_column(String(64))
    patient_key: Mapped[str] = mapped_column(String(64))
    age: Mapped[float | None] = mapped_column(Float(53))
    sex: Mapped[str | None] = mapped_column(String(1))
    __table_args__ = (
        Index("worklist_by_time", "recorded_at", "reading_id", *FILTER_COLUMNS, "age", "path"),
        Index("worklist_by_normal", "normal", "reading_id", "recorded_at", *FILTER_COLUMNS, "age", "path"),
        Index("worklist_by_sha256", "sha256"),
        Index("worklist_by_patient", "patient_key", "recorded_at", "reading_id"),
        *(Index(f"worklist_by_{name}", name, "recorded_at", "reading_id") for name in FILTER_COLUMNS),
    )


class PatientWordRow(Base):
    """A word by which a reading's patient is searched; part of the index that `WorklistRow` is, and purged with it."""

    __tablename__ = "patient_words"
    word: Mapped[str] = mapped_column(BYTE_ORDER, primary_key=True)
    reading_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, index=True)


class PurgedFileRow(Base):
    """File with the pixels of a purged reading, by a name that tells nothing, for whoever stores such files."""

    __tablename__ = "purged_files"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))


class AuditRow(Base):
    """One event; `digest` covers this row and, through `previous`, all rows before it."""

    __tablename__ = "audit_log"
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(27))
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(32))
    content: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
