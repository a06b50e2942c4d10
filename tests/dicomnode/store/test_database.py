"""The node's database: transactions as one whole, private, and of one schema."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from neumo.core.errors import NodeError
from neumo.dicomnode.store.database import SCHEMA, Database
from neumo.dicomnode.store.queue import Queue

INSERT = (
    "INSERT INTO objects (sop_instance_uid, digest, bundle, study_uid, path, received_at) "
    "VALUES (?, '', '', '', '', 0)"
)


def count(database: Database) -> int:
    with database.snapshot() as connection:
        (found,) = connection.execute("SELECT count(*) FROM objects").fetchone()
    return int(found)


def test_it_is_private_and_its_commits_are_synced(tmp_path: Path) -> None:
    database = Database(tmp_path / "queue.sqlite3")
    with database.snapshot() as connection:
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    assert (synchronous, journal) == (2, "wal")  # 2 is FULL
    assert (tmp_path / "queue.sqlite3").stat().st_mode & 0o777 == 0o600
    database.close()


def test_a_transaction_is_one_whole(tmp_path: Path) -> None:
    database = Database(tmp_path / "queue.sqlite3")
    with database.transaction() as connection:
        connection.execute(INSERT, ["1.2"])
    with pytest.raises(RuntimeError), database.transaction() as connection:
        connection.execute(INSERT, ["1.3"])
        raise RuntimeError
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute(INSERT, ["1.4"])
        connection.execute(INSERT, ["1.2"])
    assert count(database) == 1
    database.close()
    again = Database(tmp_path / "queue.sqlite3")
    assert count(again) == 1
    again.close()


def test_threads_take_turns(tmp_path: Path) -> None:
    database = Database(tmp_path / "queue.sqlite3")

    def write(number: int) -> None:
        for part in range(10):
            with database.transaction() as connection:
                connection.execute(INSERT, [f"{number}.{part}"])

    threads = [threading.Thread(target=write, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 40
    database.close()


UNDONE = {
    2: "DROP INDEX deliveries_by_rank; ALTER TABLE deliveries DROP COLUMN rank; "
    "CREATE INDEX deliveries_by_state ON deliveries (state, destination, id);",
    1: "ALTER TABLE objects DROP COLUMN canary;",
}
"""What makes the schema before of each next one."""


@pytest.mark.parametrize("schema", UNDONE)
def test_a_queue_of_an_earlier_schema_is_brought_to_this_one(tmp_path: Path, schema: int) -> None:
    file = tmp_path / "queue.sqlite3"
    Database(file).close()
    with closing(sqlite3.connect(file)) as old:
        for made, undo in UNDONE.items():
            old.executescript(undo if made >= schema else "")
        old.executescript(f"PRAGMA user_version = {schema};")
        old.execute(INSERT, ["1.2"])
        old.execute("INSERT INTO deliveries (object_id, destination) VALUES (1, 'pacs'), (1, 'web')")
        old.commit()
    database = Database(file)
    with database.snapshot() as connection:
        ranks = [tuple(row) for row in connection.execute("SELECT id, rank FROM deliveries")]
    job = Queue(database, "").claim()
    database.close()
    assert ranks == [(1, 1), (2, 2)], "in their order"
    assert job is not None and not job.canary


def test_another_schema_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite3"
    Database(file).close()
    changed = sqlite3.connect(file)
    changed.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    changed.close()
    with pytest.raises(NodeError, match=f"has schema {SCHEMA + 1}"):
        Database(file)


def test_a_file_that_is_no_queue_is_told(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(NodeError, match="queue"):
        Database(file)
    with pytest.raises(NodeError, match="queue"):
        Database(tmp_path / "none" / "queue.sqlite3")
