"""Retention: what expires is deleted, what is not delivered stays."""

import sqlite3

import pytest
from tests.support.node_parts import EventLog, read_object
from tests.support.waiting import wait_until

from neumo.dicomnode.ops.retention import Retention
from neumo.dicomnode.shared import Shared

ALWAYS = 1e-9
"""In days."""


def retention(shared: Shared, keep_days: float | None) -> Retention:
    return Retention(shared.queue, shared.folder, shared.log, keep_days)


def test_only_what_is_delivered_and_old_enough_is_purged(shared: Shared, log: EventLog) -> None:
    sent = read_object(shared, 1, to=["pacs"])
    waiting = read_object(shared, 2, to=["pacs", "web"])
    for delivery in shared.outbox.due("pacs"):
        shared.outbox.sent(delivery)
    assert retention(shared, None).purge() == 0
    assert retention(shared, 1).purge() == 0
    assert log.events("cleaned") == []
    assert retention(shared, ALWAYS).purge() == 1
    assert not (shared.folder.root / sent.path).exists() and shared.folder.result_files(sent.key) == []
    assert (shared.folder.root / waiting.path).exists() and shared.folder.result_files(waiting.key)
    assert log.events("cleaned") == [{"objects": 1}]
    assert retention(shared, ALWAYS).purge() == 0
    assert shared.queue.knows(sent.sop_instance_uid, f"{1:064x}")


def test_the_thread_purges_at_once_and_ends_when_told(shared: Shared) -> None:
    sent = read_object(shared, to=[])
    thread = retention(shared, ALWAYS)
    thread.start()
    wait_until(lambda: not (shared.folder.root / sent.path).exists())
    thread.stop()
    thread.join(60)
    assert not thread.is_alive()


def test_a_disk_that_fails_does_not_end_the_thread(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(shared.queue.__class__, "expired", fail)
    thread = retention(shared, 1)
    thread.start()
    wait_until(lambda: log.events("retention_waits"))
    assert thread.is_alive()
    thread.stop()
    thread.join(60)
    assert log.events("retention_waits")[0]["error"] == "OperationalError"
