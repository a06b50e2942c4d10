"""Putting readings and people's decisions on record; every write is also an event of the audit log."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from neumo.archive.audit_log import insert, now
from neumo.archive.canonical import canonical
from neumo.archive.database import connect, migrate, writing_session
from neumo.archive.schema import DecisionRow, ReadingRow, ViewRow
from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Reading
from neumo.results.json_lines import to_json


def open_archive(url: str) -> Engine:
    """Return the archive at `url`, its tables made or migrated.

    Raises
    ------
    ArchiveError
        The URL cannot be used, or a newer neumo wrote the database.
    ArchiveUnavailableError
        The database cannot be reached.
    """
    engine = connect(url)
    migrate(engine)
    return engine


def record(engine: Engine, reading: Reading, *, source: str, actor: str) -> int:
    """Keep a reading and return its number; the same bytes by the same bundle and options are kept once.

    Raises ArchiveUnavailableError.
    """
    body = to_json(reading)
    receipt: dict[str, Any] = dict(reading.receipt or {})
    content = _content_sha256(reading)
    bundle = str(receipt.get("bundle", {}).get("digest", ""))
    once = select(ReadingRow.id).where(
        ReadingRow.content_sha256 == content, ReadingRow.bundle_digest == bundle
    )
    probabilities = body["probabilities"] or {}
    distance = receipt.get("distance")
    with writing_session(engine) as session:
        known = session.scalar(once)
        if known is not None:
            return known
        row = ReadingRow(
            recorded_at=now(),
            source=source,
            content_sha256=content,
            bundle_digest=bundle,
            status=body["status"],
            finding=body["finding"],
            normal=probabilities.get("NORMAL"),
            bacterial=probabilities.get("BACTERIAL_PNEUMONIA"),
            viral=probabilities.get("VIRAL_PNEUMONIA"),
            distance=float.fromhex(distance) if distance else None,
            body=canonical(body),
        )
        insert(session, actor, "record", row)
        number = row.id
    return number


def record_view(engine: Engine, reading: int, *, person: str) -> None:
    """Keep that a person looked at a reading. Raises ArchiveError, ArchiveUnavailableError."""
    with writing_session(engine) as session:
        _found(session, reading)
        insert(session, person, "view", ViewRow(reading_id=reading, person=person, at=now()))


def record_decision(
    engine: Engine,
    reading: int,
    *,
    person: str,
    finding: Finding,
    note: str = "",
    blinded: bool = False,
    seen_revision: int | None = None,
) -> int:
    """Keep a decision beside the others, and return its revision (1, 2, ... for each reading).

    Parameters
    ----------
    seen_revision : int, optional
        Last revision that the person knew, 0 for none; a newer one is then a conflict.

    Raises
    ------
    ArchiveError
        No such reading, or somebody decided meanwhile.
    ArchiveUnavailableError
    """
    with writing_session(engine) as session:
        row = _found(session, reading)
        newest = select(func.max(DecisionRow.revision)).where(DecisionRow.reading_id == reading)
        last = session.scalar(newest) or 0
        if seen_revision is not None and seen_revision != last:
            raise ArchiveError(
                f"reading {reading}: decided meanwhile (revision {last}, not {seen_revision}); look again"
            )
        decision = DecisionRow(
            reading_id=reading,
            revision=last + 1,
            person=person,
            at=now(),
            finding=finding.value,
            agrees=None if row.finding is None else row.finding == finding.value,
            blinded=blinded,
            note=note,
        )
        insert(session, person, "decision", decision)
    return last + 1


def _content_sha256(reading: Reading) -> str:
    """Name what was read and how, not where it lay; a failure does not stand in the way of a later answer."""
    receipt: Mapping[str, Any] = reading.receipt or {}
    read = reading.sha256 or receipt.get("input_sha256") or {"file": reading.file}
    named = {"read": read, "options": receipt.get("options"), "status": reading.status.value}
    return hashlib.sha256(canonical(named).encode()).hexdigest()


def _found(session: Session, reading: int) -> ReadingRow:
    row = session.get(ReadingRow, reading)
    if row is None:
        raise ArchiveError(f"reading {reading}: not in this archive")
    return row
