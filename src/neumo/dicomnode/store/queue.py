"""Durable queue of objects to read, in SQLite: entries survive a kill, and each takes effect once."""

import sqlite3
import time
from collections.abc import Iterator, Sequence

from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.queued_objects import Job, NewObject, job_of

_GO_AHEAD = """
WITH study AS (
    SELECT d.id AS id, d.rank AS rank FROM deliveries d JOIN objects o ON o.id = d.object_id
    WHERE d.state = 'waiting' AND o.study_uid = (SELECT study_uid FROM objects WHERE id = :job))
UPDATE deliveries SET rank = id - :ahead
WHERE id IN (SELECT id FROM study) AND (:flagged OR EXISTS (SELECT 1 FROM study WHERE rank < id))
"""


class Queue:
    """States of objects, from received to read or set aside; threads may share it.

    Every method raises sqlite3.Error where the change cannot be written, and then changes nothing.

    Parameters
    ----------
    database : Database
    bundle : str
        Digest of the bundle that reads.
    ahead : int
        Earlier deliveries that one of a flagged study overtakes at most, so that none waits for ever.
    """

    def __init__(self, database: Database, bundle: str, ahead: int = 0) -> None:
        self._database, self._bundle, self._ahead = database, bundle, ahead

    def knows(self, sop_instance_uid: str, digest: str) -> bool:
        """Return whether this content of this object was queued before, for the same bundle."""
        with self._database.snapshot() as connection:
            found = connection.execute(
                "SELECT 1 FROM objects WHERE sop_instance_uid = ? AND digest = ? AND bundle = ?",
                (sop_instance_uid, digest, self._bundle),
            ).fetchone()
        return found is not None

    def add(self, new: NewObject) -> bool:
        """Queue an object, synced to disk on return; False where it was queued before."""
        with self._database.transaction() as connection:
            inserted = connection.execute(
                "INSERT OR IGNORE INTO objects "
                "(sop_instance_uid, digest, bundle, study_uid, path, canary, received_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    new.sop_instance_uid,
                    new.digest,
                    self._bundle,
                    new.study_uid,
                    new.path,
                    new.canary,
                    time.time(),
                ),
            )
            connection.execute(
                "INSERT OR REPLACE INTO temp.arrivals (study_uid, at) VALUES (?, ?)",
                (new.study_uid, time.monotonic()),
            )
        return inserted.rowcount == 1

    def claim(self) -> Job | None:
        """Claim the next object to read; None where none is due.

        Objects whose reading a crash of the node interrupted come last, so that one which crashes the node does not
        keep it from reading the others.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM objects WHERE state = 'waiting' AND not_before <= ? "
                "ORDER BY interruptions, id LIMIT 1",
                (time.monotonic(),),
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE objects SET state = 'reading' WHERE id = ?", (row["id"],))
        return job_of(row)

    def finish(self, job: Job, status: str, destinations: Sequence[str], *, flagged: bool = False) -> None:
        """Record that an object was read, and add its deliveries to the outbox.

        Those of a study with a flagged reading go ahead of others, each of at most `ahead` earlier ones.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE objects SET state = 'read', status = ?, reason = NULL, finished_at = ? WHERE id = ?",
                (status, time.time(), job.id),
            )
            _deliver(connection, job, destinations)
            connection.execute(_GO_AHEAD, {"job": job.id, "flagged": flagged, "ahead": self._ahead})

    def release(self, job: Job) -> None:
        """Return an object to the queue; that its reading was interrupted does not count as an attempt."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE objects SET state = 'waiting' WHERE id = ?", (job.id,))

    def retry(self, job: Job, reason: str, wait: float) -> None:
        """Record a failed attempt; the next one comes after `wait` seconds."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE objects SET state = 'waiting', attempts = attempts + 1, reason = ?, not_before = ? "
                "WHERE id = ?",
                (reason, time.monotonic() + wait, job.id),
            )

    def postpone(self, job: Job, reason: str, wait: float) -> None:
        """Return an object to the queue that a fault of this machine kept from being read, which is no attempt."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE objects SET state = 'waiting', reason = ?, not_before = ? WHERE id = ?",
                (reason, time.monotonic() + wait, job.id),
            )

    def set_aside(self, job: Job, reason: str, destinations: Sequence[str] = ()) -> None:
        """Set an object aside and queue its report for delivery; `reason` is a code. The object's file stays."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE objects SET state = 'set_aside', attempts = attempts + 1, reason = ?, finished_at = ? "
                "WHERE id = ?",
                (reason, time.time(), job.id),
            )
            _deliver(connection, job, destinations)

    def recover(self) -> int:
        """After a start, requeue what was being read, and count that it was interrupted.

        Waiting objects are assigned to this node's bundle, whichever was in use when they were received.

        Returns
        -------
        int
            Objects that were being read.
        """
        with self._database.transaction() as connection:
            broken = connection.execute(
                "UPDATE objects SET state = 'waiting', interruptions = interruptions + 1 WHERE state = 'reading'"
            ).rowcount
            connection.execute(
                "UPDATE OR IGNORE objects SET bundle = ? WHERE state = 'waiting' AND bundle <> ?",
                (self._bundle, self._bundle),
            )
            # The rest was read with this bundle already.
            connection.execute("DELETE FROM objects WHERE state = 'waiting' AND bundle <> ?", (self._bundle,))
            # The monotonic clock of another run says nothing in this one.
            connection.execute("UPDATE objects SET not_before = 0 WHERE state = 'waiting'")
            # Studies that had just arrived may not be complete; senders go on after a start.
            connection.execute(
                "INSERT OR REPLACE INTO temp.arrivals (study_uid, at) SELECT DISTINCT o.study_uid, ? FROM objects o "
                "JOIN deliveries d ON d.object_id = o.id WHERE d.state = 'waiting'",
                (time.monotonic(),),
            )
        return broken

    def all_set_aside(self) -> list[Job]:
        """Return the objects that were set aside."""
        with self._database.snapshot() as connection:
            rows = connection.execute(
                "SELECT * FROM objects WHERE state = 'set_aside' AND bundle = ?", (self._bundle,)
            ).fetchall()
        return [job_of(row) for row in rows]

    def reconsider(self) -> int:
        """Queue again all objects that were set aside, whose results have been deleted; return how many."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM deliveries WHERE object_id IN "
                "(SELECT id FROM objects WHERE state = 'set_aside' AND bundle = ?)",
                (self._bundle,),
            )
            changed = connection.execute(
                "UPDATE objects SET state = 'waiting', attempts = 0, interruptions = 0, not_before = 0, "
                "reason = NULL, finished_at = NULL WHERE state = 'set_aside' AND bundle = ?",
                (self._bundle,),
            )
        return changed.rowcount

    def waiting(self) -> int:
        """Return how many objects are not read yet."""
        with self._database.snapshot() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM objects WHERE state IN ('waiting', 'reading')"
            ).fetchone()
        return int(count)

    def counts(self) -> dict[str, int]:
        """Return how many objects are in each state."""
        with self._database.snapshot() as connection:
            rows = connection.execute("SELECT state, count(*) AS n FROM objects GROUP BY state").fetchall()
        return {"waiting": 0, "reading": 0, "read": 0, "set_aside": 0} | {
            row["state"]: row["n"] for row in rows
        }

    def age(self) -> float:
        """Return the age of the oldest unread object in seconds; 0 where there is none."""
        with self._database.snapshot() as connection:
            (oldest,) = connection.execute(
                "SELECT min(received_at) FROM objects WHERE state IN ('waiting', 'reading')"
            ).fetchone()
        return 0.0 if oldest is None else max(0.0, time.time() - oldest)

    def paths(self) -> Iterator[str]:
        """Yield the path of every object whose file is kept."""
        with self._database.snapshot() as connection:
            rows = connection.execute("SELECT path FROM objects WHERE dropped = 0").fetchall()
        yield from (row["path"] for row in rows)

    def newest(self) -> float | None:
        """Return when the newest object came, in seconds since 1970; None where there is none."""
        with self._database.snapshot() as connection:
            row = connection.execute("SELECT max(received_at) AS newest FROM objects").fetchone()
        return None if row["newest"] is None else float(row["newest"])

    def expired(self, before: float) -> list[Job]:
        """Return objects finished before that time and delivered everywhere, whose files still exist."""
        with self._database.snapshot() as connection:
            rows = connection.execute(
                "SELECT * FROM objects WHERE dropped = 0 AND state = 'read' AND finished_at < ? AND NOT EXISTS "
                "(SELECT 1 FROM deliveries d WHERE d.object_id = objects.id AND d.state <> 'sent') LIMIT 1000",
                (before,),
            ).fetchall()
        return [job_of(row) for row in rows]

    def forget_files(self, job: Job) -> None:
        """Record that the files of an object are to be deleted; its entry stays."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE objects SET dropped = 1 WHERE id = ?", (job.id,))


def _deliver(connection: sqlite3.Connection, job: Job, destinations: Sequence[str]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO deliveries (object_id, destination) VALUES (?, ?)",
        [(job.id, destination) for destination in destinations],
    )
    connection.execute("UPDATE deliveries SET rank = id WHERE object_id = ? AND rank = 0", (job.id,))
