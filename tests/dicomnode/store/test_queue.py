"""The durable queue and the outbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from neumo.core.errors import NodeError
from neumo.dicomnode.store.data_folder import DataFolder
from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.outbox import Outbox
from neumo.dicomnode.store.queue import NewObject, Queue


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "queue.sqlite3")
    yield opened
    opened.close()


def new(number: int, study: str = "1.2") -> NewObject:
    return NewObject(f"1.2.3.{number}", study, f"{number:064x}", f"objects/{number}.dcm")


def test_an_object_is_queued_and_claimed_once(database: Database) -> None:
    queue = Queue(database, "bundle")
    assert queue.add(new(1))
    assert not queue.add(new(1))
    assert queue.knows("1.2.3.1", f"{1:064x}")
    assert Queue(database, "other").add(new(1))
    job = queue.claim()
    assert job is not None and job.sop_instance_uid == "1.2.3.1"
    assert queue.counts() == {"waiting": 1, "reading": 1, "read": 0, "set_aside": 0}


def test_interrupted_objects_go_last_and_are_given_up_in_the_end(database: Database) -> None:
    queue = Queue(database, "bundle")
    queue.add(new(1))
    queue.add(new(2))
    for _ in range(2):
        job = queue.claim()
        assert job is not None
        assert queue.recover(3) == 1
    first = queue.claim()
    assert first is not None
    assert queue.recover(2) == 1
    assert queue.counts()["set_aside"] >= 1
    assert queue.reconsider() >= 1
    assert queue.waiting() == 2


def test_waiting_objects_are_read_with_the_bundle_of_today(database: Database) -> None:
    Queue(database, "old").add(new(1))
    today = Queue(database, "today")
    today.recover(3)
    assert today.knows("1.2.3.1", f"{1:064x}")
    assert not today.add(new(1))


def test_results_leave_when_the_study_is_read_and_quiet(database: Database) -> None:
    queue, outbox = Queue(database, "bundle"), Outbox(database)
    queue.add(new(1))
    queue.add(new(2))
    first = queue.claim()
    assert first is not None
    queue.finish(first, "read", ["pacs", "web"])
    assert outbox.ready("pacs", 0) == []
    second = queue.claim()
    assert second is not None
    queue.set_aside(second, "crash")
    assert outbox.ready("pacs", 3600) == []
    (delivery,) = outbox.ready("pacs", 0)
    outbox.retry(delivery, "status C000", 3600, refused=True)
    assert outbox.ready("pacs", 0) == []
    outbox.recover()
    (delivery,) = outbox.ready("pacs", 0)
    assert delivery.refusals == 1
    outbox.sent(delivery)
    assert outbox.counts() == {("pacs", "sent"): 1, ("web", "waiting"): 1}
    assert queue.expired(2e10) == []
    (other,) = outbox.ready("web", 0)
    outbox.set_aside(other, "status C000")
    assert outbox.reconsider() == 1
    (other,) = outbox.ready("web", 0)
    outbox.sent(other)
    assert [job.id for job in queue.expired(2e10)] == [first.id]


def test_the_sweep_removes_what_was_never_acknowledged(tmp_path: Path) -> None:
    storage = DataFolder(tmp_path / "node")
    kept, lost = storage.write_object("1.2", [b"a"]), storage.write_object("1.2", [b"a"])
    (storage.objects / "00" / ".part-x").write_bytes(b"half")
    (storage.results / "00" / ".part-y").mkdir()
    assert storage.sweep(frozenset([kept])) == 3
    assert (storage.root / kept).exists() and not (storage.root / lost).exists()


def test_two_nodes_do_not_share_a_folder(tmp_path: Path) -> None:
    storage = DataFolder(tmp_path / "node")
    with storage.locked(), pytest.raises(NodeError, match="another node"), storage.locked():
        pass


def test_a_file_that_is_no_queue_is_told(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(NodeError, match="queue"):
        Database(file)
