"""Durable outbox of results to deliver, by destination, in SQLite; entries survive a kill."""

import sqlite3
import time
from dataclasses import dataclass

from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.identifiers import reading_key

_DUE = """
SELECT d.id AS id, d.attempts AS attempts, d.refusals AS refusals, o.path AS path, o.study_uid AS study_uid,
       o.sop_instance_uid AS sop_instance_uid, o.digest AS digest, o.bundle AS bundle, o.received_at AS received_at
FROM deliveries d JOIN objects o ON o.id = d.object_id
WHERE d.state = 'waiting' AND d.destination = :destination AND d.not_before <= :now {}
ORDER BY d.rank, d.id DESC LIMIT :limit
"""
_OF_COMPLETE_STUDIES = """
  AND NOT EXISTS (
      SELECT 1 FROM objects s WHERE s.study_uid = o.study_uid AND s.state IN ('waiting', 'reading'))
  AND NOT EXISTS (
      SELECT 1 FROM temp.arrivals a WHERE a.study_uid = o.study_uid AND a.at > :quiet_since)
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The results of one reading, to be delivered to one destination.

    Attributes
    ----------
    id : int
    key : str
        Names the results folder.
    sop_instance_uid : str
        Of the object that was read.
    attempts, refusals : int
        Earlier attempts in all, and those in which the destination refused a result itself.
    received_at : float
        When the object was received, in seconds since 1970.
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
    """States of deliveries, from waiting to sent or set aside; threads may share it.

    Every method raises sqlite3.Error where the change cannot be written, and then changes nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ready(self, destination: str, quiet: float, limit: int = 20) -> list[Delivery]:
        """Return deliveries that are due, of complete studies, in their order; see `Queue.finish` for what goes first.

        A study is complete when all its objects are read or set aside, and none was received for `quiet` seconds.
        """
        return self._select(_OF_COMPLETE_STUDIES, destination, limit, quiet)

    def due(self, destination: str, limit: int = 20) -> list[Delivery]:
        """Return deliveries that are due, whether or not their studies are complete."""
        return self._select("", destination, limit)

    def _select(self, condition: str, destination: str, limit: int, quiet: float = 0) -> list[Delivery]:
        now = time.monotonic()  # the time of day may jump, and must not withhold results
        values = {"destination": destination, "now": now, "quiet_since": now - quiet, "limit": limit}
        with self._database.snapshot() as connection:
            rows = connection.execute(_DUE.format(condition), values).fetchall()
        return [_delivery(row) for row in rows]

    def sent(self, delivery: Delivery) -> None:
        """Record that the destination stored all of it."""
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
                (int(refused), reason, time.monotonic() + wait, delivery.id),
            )

    def set_aside(self, delivery: Delivery, reason: str) -> None:
        """Stop trying to send a delivery; `reason` is a code. The results stay."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE deliveries SET state = 'set_aside', attempts = attempts + 1, refusals = refusals + 1, "
                "reason = ?, finished_at = ? WHERE id = ?",
                (reason, time.time(), delivery.id),
            )

    def recover(self) -> None:
        """After a start, make all waiting deliveries due at once: destinations may be reachable again."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE deliveries SET not_before = 0 WHERE state = 'waiting'")

    def reconsider(self) -> int:
        """Queue again all deliveries that were set aside; return how many."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE deliveries SET state = 'waiting', refusals = 0, not_before = 0, reason = NULL, "
                "finished_at = NULL WHERE state = 'set_aside'"
            )
        return changed.rowcount

    def set_aside_count(self) -> int:
        """Return how many deliveries are set aside."""
        return sum(count for (_, state), count in self.counts().items() if state == "set_aside")

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many deliveries are in each state, by destination."""
        with self._database.snapshot() as connection:
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
