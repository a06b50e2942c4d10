"""An append-only log: each row's SHA-256 covers its content and the row before it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from neumo.archive.database import reading_session
from neumo.archive.schema import AuditRow
from neumo.core.errors import ArchiveError

START = "0" * 64
"""What the first row names as the row before it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Length and end of the log at one time, to be kept outside the database.

    Attributes
    ----------
    count : int
    head : str
        Digest of row `count` in lower-case hexadecimal; 64 zeros for an empty log.
    """

    count: int
    head: str

    def __str__(self) -> str:
        return f"{self.count}:{self.head}"

    @classmethod
    def parse(cls, value: str) -> "Checkpoint":
        """Return the checkpoint that `str` printed. Raises ArchiveError."""
        count, _, head = value.strip().partition(":")
        if not count.isdecimal() or len(head) != len(START) or set(head) - set("0123456789abcdef"):
            raise ArchiveError(
                f"checkpoint: {value!r} is none; give COUNT:HASH as neumo audit verify prints it"
            )
        return cls(int(count), head)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found: the log's end, and the faults as sentences (empty when sound)."""

    checkpoint: Checkpoint
    faults: tuple[str, ...]


def now() -> str:
    """Return the time as 27 characters of ISO 8601 in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical(value: Any) -> str:
    """Return JSON that equal values share: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def append(session: Session, actor: str, action: str, content: Mapping[str, Any]) -> None:
    """Add one event to the log; `session` must be a writing one, so that no other writer appends meanwhile."""
    session.flush()
    last = session.scalars(select(AuditRow).order_by(AuditRow.sequence.desc()).limit(1)).first()
    row = AuditRow(
        sequence=last.sequence + 1 if last else 1,
        at=now(),
        actor=actor,
        action=action,
        content=canonical(content),
        previous=last.digest if last else START,
    )
    row.digest = _digest(row)
    session.add(row)
    session.flush()


def _digest(row: AuditRow) -> str:
    fields = [row.sequence, row.at, row.actor, row.action, row.content, row.previous]
    return hashlib.sha256(canonical(fields).encode()).hexdigest()


def verify(engine: Engine, checkpoint: Checkpoint | None = None) -> Verdict:
    """Check every row, their order, and that the log still holds `checkpoint`. Raises ArchiveUnavailableError."""
    faults: list[str] = []
    count, head = 0, START
    reached = checkpoint is None or checkpoint == Checkpoint(0, START)
    with reading_session(engine) as session:
        for row in session.scalars(
            select(AuditRow).order_by(AuditRow.sequence).execution_options(yield_per=1000)
        ):
            if row.sequence != count + 1:
                faults.append(f"row {count + 1} is missing: row {row.sequence} follows row {count}")
            if row.previous != head:
                faults.append(f"row {row.sequence} does not follow the row before it")
            if row.digest != _digest(row):
                faults.append(f"row {row.sequence} was changed")
            count, head = row.sequence, row.digest
            reached = reached or checkpoint == Checkpoint(count, head)
    if not reached and checkpoint is not None:
        faults.append(
            f"the log ends at row {count} or was rewritten: it does not hold checkpoint {checkpoint}"
        )
    return Verdict(Checkpoint(count, head), tuple(faults))
