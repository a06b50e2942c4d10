"""The durable queue: what is claimed, in which order, and what comes back after a crash."""

import pytest
from tests.support.node_parts import claim, queue_object

from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.queue import Queue


class Clock:
    now = 1_000_000.0
    off = 0.0
    """Seconds by which the time of day is wrong."""

    def time(self) -> float:
        return self.now + self.off

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("neumo.dicomnode.store.queue.time", clock)
    monkeypatch.setattr("neumo.dicomnode.store.outbox.time", clock)
    return clock


def database_of(shared: Shared) -> Database:
    return shared.queue._database


def test_an_object_is_queued_and_claimed_once(shared: Shared) -> None:
    new = queue_object(shared)
    assert not shared.queue.add(new)
    assert shared.queue.knows(new.sop_instance_uid, new.digest)
    assert not shared.queue.knows(new.sop_instance_uid, "other")
    other = Queue(database_of(shared), "other bundle")
    assert not other.knows(new.sop_instance_uid, new.digest) and other.add(new)
    job = claim(shared)
    assert (job.sop_instance_uid, job.path, job.attempts) == (new.sop_instance_uid, new.path, 0)
    assert shared.queue.counts() == {"waiting": 1, "reading": 1, "read": 0, "set_aside": 0}
    assert claim(shared).key != job.key and shared.queue.claim() is None


def test_objects_are_claimed_in_order_and_a_failed_one_when_it_is_due(shared: Shared, clock: Clock) -> None:
    queue_object(shared, 1)
    queue_object(shared, 2)
    first = claim(shared)
    shared.queue.retry(first, "crash", wait=60)
    assert claim(shared).sop_instance_uid == "1.2.3.2"
    clock.now += 59
    assert shared.queue.claim() is None
    clock.now += 1
    again = claim(shared)
    assert (again.id, again.attempts) == (first.id, 1)
    shared.queue.release(again)
    assert claim(shared).attempts == 1


def test_interrupted_objects_go_last_and_say_how_often(shared: Shared) -> None:
    queue_object(shared, 1)
    queue_object(shared, 2)
    assert claim(shared).sop_instance_uid == "1.2.3.1"
    assert shared.queue.recover() == 1
    assert claim(shared).sop_instance_uid == "1.2.3.2"
    first = claim(shared)
    assert (first.sop_instance_uid, first.interruptions) == ("1.2.3.1", 1)
    assert shared.queue.recover() == 2
    assert [claim(shared).interruptions for _ in range(2)] == [1, 2]


def test_what_was_set_aside_is_queued_again_without_its_refusal(shared: Shared) -> None:
    queue_object(shared, 1)
    shared.queue.set_aside(claim(shared), "crash", ["pacs"])
    assert len(shared.outbox.due("pacs")) == 1 and shared.outbox.set_aside_count() == 0
    assert [job.sop_instance_uid for job in shared.queue.all_set_aside()] == ["1.2.3.1"]
    assert shared.queue.reconsider() == 1
    assert shared.queue.waiting() == 1 and shared.outbox.due("pacs") == []


def test_faults_of_the_machine_are_no_attempts(shared: Shared, clock: Clock) -> None:
    queue_object(shared)
    for _ in range(9):
        shared.queue.postpone(claim(shared), "disk_full", wait=60)
        clock.now += 60
    assert claim(shared).attempts == 0


@pytest.mark.parametrize("days", [-1, 1, -365, 365])
def test_setting_the_clock_neither_delays_nor_hastens_anything(
    shared: Shared, clock: Clock, days: int
) -> None:
    queue_object(shared, 1)
    shared.queue.retry(claim(shared), "crash", wait=60)
    queue_object(shared, 2, study="1.9")
    shared.queue.finish(claim(shared), "read", ["pacs"])
    clock.off = days * 86_400
    assert shared.queue.claim() is None and shared.outbox.ready("pacs", 20) == []
    clock.now += 60
    assert claim(shared).sop_instance_uid == "1.2.3.1"
    (delivery,) = shared.outbox.ready("pacs", 20)
    shared.outbox.retry(delivery, "busy", 30, refused=False)
    clock.off = -days * 86_400
    assert shared.outbox.ready("pacs", 20) == []
    clock.now += 30
    assert len(shared.outbox.ready("pacs", 20)) == 1


def test_waiting_objects_are_read_with_the_bundle_of_today(shared: Shared) -> None:
    queue_object(shared, 1)
    twice = queue_object(shared, 2)
    today = Queue(database_of(shared), "today")
    assert today.add(twice)
    today.recover()
    assert today.knows("1.2.3.1", f"{1:064x}") and not shared.queue.knows("1.2.3.1", f"{1:064x}")
    assert today.waiting() == 2


def test_a_clock_that_was_wrong_delays_nothing_after_a_restart(shared: Shared, clock: Clock) -> None:
    queue_object(shared)
    shared.queue.retry(claim(shared), "crash", wait=10**9)
    assert shared.queue.claim() is None
    shared.queue.recover()
    assert shared.queue.claim() is not None


def test_the_age_is_that_of_the_oldest_unread_object(shared: Shared, clock: Clock) -> None:
    assert shared.queue.age() == 0
    queue_object(shared, 1)
    clock.now += 30
    queue_object(shared, 2)
    assert shared.queue.age() == 30
    shared.queue.set_aside(claim(shared), "crash")
    clock.now += 5
    assert shared.queue.age() == 5
    clock.now -= 1000
    assert shared.queue.age() == 0


def test_files_expire_only_after_every_delivery(shared: Shared, clock: Clock) -> None:
    new = queue_object(shared, 1)
    job = claim(shared)
    shared.queue.finish(job, "read", ["pacs"])
    queue_object(shared, 2)
    shared.queue.set_aside(claim(shared), "crash")
    clock.now += 100
    assert shared.queue.expired(clock.now) == []
    (delivery,) = shared.outbox.due("pacs")
    shared.outbox.sent(delivery)
    assert shared.queue.expired(clock.now - 100) == []
    assert [expired.id for expired in shared.queue.expired(clock.now)] == [job.id]
    assert new.path in set(shared.queue.paths())
    shared.queue.forget_files(job)
    assert shared.queue.expired(clock.now) == [] and new.path not in set(shared.queue.paths())
    assert shared.queue.knows(new.sop_instance_uid, new.digest)
