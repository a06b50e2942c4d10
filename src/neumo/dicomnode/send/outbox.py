"""The durable list of results to send, by destination; what is in it survives a kill."""

import sqlite3
import time
from dataclasses import dataclass

from neumo.dicomnode.database import Database
from neumo.dicomnode.receive.identifiers import reading_key

_READY = """
SELECT d.id AS id, d.attempts AS attempts, d.refusals AS refusals, o.path AS path, o.study_uid AS study_uid,
       o.sop_instance_uid AS sop_instance_uid, o.digest AS digest, o.bundle AS bundle, o.received_at AS received_at
FROM deliveries d JOIN objects o ON o.id = d.object_id
WHERE d.state = 'waiting' AND d.destination = :destination AND d.not_before <= :now
  AND NOT EXISTS (
      SELECT 1 FROM objects s WHERE s.study_uid = o.study_uid
      AND (s.state IN ('waiting', 'reading') OR s.received_at > :quiet_since))
ORDER BY d.id LIMIT :limit
"""
_DUE = """
SELECT d.id AS id, d.attempts AS attempts, d.refusals AS refusals, o.path AS path, o.study_uid AS study_uid,
       o.sop_instance_uid AS sop_instance_uid, o.digest AS digest, o.bundle AS bundle, o.received_at AS received_at
FROM deliveries d JOIN objects o ON o.id = d.object_id
WHERE d.state = 'waiting' AND d.destination = :destination AND d.not_before <= :now
ORDER BY d.id LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The results of one reading, due at one destination.

    Attributes
    ----------
    id : int
    key : str
        Under which the results are kept.
    sop_instance_uid : str
        Of the object that was read.
    attempts, refusals : int
        Earlier ones in all, and those in which the destination refused a result itself.
    received_at : float
        When the object came, in seconds since 1970.
    path : str
        Of the object, below the data folder.
    study_uid : str
    """

    id: int
    key: str
    sop_instance_uid: str
    attempts: int
    refusals: int
    received_at: float
    path: str
    study_uid: str


class Outbox:
    """Results from being made to being sent; threads may share it.

    Every method raises sqlite3.Error where the disk does not take the change, which then did not happen.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ready(self, destination: str, quiet: float, limit: int = 20) -> list[Delivery]:
        """Return deliveries that are due, of complete studies.

        A study is complete when all its objects are read or set aside, and none came for `quiet` seconds.
        """
        now = time.time()
        with self._database.reading() as connection:
            rows = connection.execute(
                _READY, {"destination": destination, "now": now, "quiet_since": now - quiet, "limit": limit}
            ).fetchall()
        return [_delivery(row) for row in rows]

    def due(self, destination: str, limit: int = 20) -> list[Delivery]:
        """Return deliveries that are due, whether or not their studies are complete."""
        with self._database.reading() as connection:
            rows = connection.execute(
                _DUE, {"destination": destination, "now": time.time(), "limit": limit}
            ).fetchall()
        return [_delivery(row) for row in rows]

    def sent(self, delivery: Delivery) -> None:
        """Record that the destination has all of it."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE deliveries SET state = 'sent', attempts = attempts + 1, reason = NULL, finished_at = ? "
                "WHERE id = ?",
                (time.time(), delivery.id),
            )

    def retry(self, delivery: Delivery, reason: str, wait: float, *, refused: bool) -> None:
        """Record a failed attempt; the next one comes after `wait` seconds."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, refusals = refusals + ?, reason = ?, not_before = ? "
                "WHERE id = ?",
                (int(refused), reason, time.time() + wait, delivery.id),
            )

    def set_aside(self, delivery: Delivery, reason: str) -> None:
        """Give a delivery up; `reason` is a code. The results stay."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE deliveries SET state = 'set_aside', attempts = attempts + 1, refusals = refusals + 1, "
                "reason = ?, finished_at = ? WHERE id = ?",
                (reason, time.time(), delivery.id),
            )

    def recover(self) -> None:
        """After a start: whatever waits is due at once, for the destination may be back."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE deliveries SET not_before = 0 WHERE state = 'waiting'")

    def reconsider(self) -> int:
        """Make due again all deliveries that were set aside; return how many."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE deliveries SET state = 'waiting', refusals = 0, not_before = 0, reason = NULL, "
                "finished_at = NULL WHERE state = 'set_aside'"
            )
        return changed.rowcount

    def counts(self) -> dict[tuple[str, str], int]:
        """Deliveries by destination and state."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT destination, state, count(*) AS n FROM deliveries GROUP BY destination, state"
            ).fetchall()
        return {(row["destination"], row["state"]): row["n"] for row in rows}


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        id=row["id"],
        key=reading_key(row["sop_instance_uid"], row["digest"], row["bundle"]),
        sop_instance_uid=row["sop_instance_uid"],
        attempts=row["attempts"],
        refusals=row["refusals"],
        received_at=row["received_at"],
        path=row["path"],
        study_uid=row["study_uid"],
    )
