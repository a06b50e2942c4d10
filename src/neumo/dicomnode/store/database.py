"""The node's SQLite database of objects and deliveries; a commit is synced to disk when it returns."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.core.errors import NodeError

SCHEMA = 3

_TABLES = """
CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    sop_instance_uid TEXT NOT NULL,
    digest TEXT NOT NULL,              -- of the content, SHA-256
    bundle TEXT NOT NULL,              -- digest of the bundle that reads it
    study_uid TEXT NOT NULL,
    path TEXT NOT NULL,                -- below the data folder
    received_at REAL NOT NULL,         -- seconds since 1970, as finished_at
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'reading', 'read', 'set_aside')),
    attempts INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0, -- by the monotonic clock of this run; 0 after a start
    status TEXT,                       -- read or refused
    reason TEXT,                       -- why it was set aside, as a code
    finished_at REAL,
    dropped INTEGER NOT NULL DEFAULT 0, -- its files were deleted after keep_days
    canary INTEGER NOT NULL DEFAULT 0,  -- of no patient: its results go back to the canary alone
    UNIQUE (sop_instance_uid, digest, bundle)
);
CREATE INDEX objects_by_state ON objects (state, interruptions, id);
CREATE INDEX objects_by_study ON objects (study_uid, state, received_at);
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    object_id INTEGER NOT NULL REFERENCES objects (id),
    destination TEXT NOT NULL,
    rank INTEGER NOT NULL DEFAULT 0,   -- lowest first: its id, less how many it overtakes
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'set_aside')),
    attempts INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0,
    reason TEXT,
    finished_at REAL,
    UNIQUE (object_id, destination)
);
CREATE INDEX deliveries_by_rank ON deliveries (state, destination, rank, id DESC);
"""
_MIGRATIONS = {
    1: "ALTER TABLE objects ADD COLUMN canary INTEGER NOT NULL DEFAULT 0;",
    2: """
ALTER TABLE deliveries ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET rank = id;
DROP INDEX deliveries_by_state;
CREATE INDEX deliveries_by_rank ON deliveries (state, destination, rank, id DESC);
""",
}
"""SQL statements that bring each schema to the next."""
_ARRIVALS = "CREATE TEMP TABLE arrivals (study_uid TEXT PRIMARY KEY, at REAL NOT NULL)"
"""When an object of a study last arrived in this run, by the monotonic clock; in memory alone."""


class Database:
    """One connection, which threads use in turn.

    Parameters
    ----------
    file : Path
        Created where it does not exist.

    Raises
    ------
    NodeError
        It is not a database of this schema, or cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                file, isolation_level=None, check_same_thread=False, timeout=10
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            # NORMAL would lose the last commits at a loss of power, after senders were answered with success.
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute(_ARRIVALS)
            file.chmod(0o600)
            self._migrate(file)
        except (sqlite3.Error, OSError) as error:
            raise NodeError(
                "{file}: cannot be used as the node's queue ({error})", file=file, error=error
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction: committed and synced on return, rolled back after an error.

        Raises
        ------
        sqlite3.Error
            Such as a full disk.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Run a block of queries that change nothing. Raises sqlite3.Error."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Checkpoint the write-ahead log and close the file."""
        with self._lock:
            self._connection.close()

    def _migrate(self, file: Path) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        elif version in _MIGRATIONS:
            steps = "".join(change for schema, change in _MIGRATIONS.items() if schema >= version)
            self._connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA}; COMMIT;")
        elif version != SCHEMA:
            raise NodeError(
                "{file}: has schema {version}, this neumo works with {own}; use the matching version",
                file=file,
                version=version,
                own=SCHEMA,
            )
