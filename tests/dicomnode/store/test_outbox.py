"""The durable outbox: what is due at a destination, and when."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.node_parts import BUNDLE, claim, queue_object, read_object

from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.outbox import Outbox
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


def ready(shared: Shared, quiet: float = 0, **options: Any) -> list[str]:
    return [found.sop_instance_uid for found in shared.outbox.ready("pacs", quiet, **options)]


def test_a_study_is_ready_when_all_of_it_is_read_or_set_aside(shared: Shared, clock: Clock) -> None:
    clock.now += 1
    read_object(shared, 1)
    queue_object(shared, 2)
    clock.now += 1
    assert ready(shared) == []
    second = claim(shared)
    assert ready(shared) == []
    shared.queue.set_aside(second, "crash")
    assert ready(shared) == ["1.2.3.1"]


def test_a_study_is_ready_when_it_was_quiet_for_long_enough(shared: Shared, clock: Clock) -> None:
    read_object(shared, 1)
    read_object(shared, 2, study="9.9")
    clock.now += 20
    read_object(shared, 3)
    assert ready(shared, quiet=20) == ["1.2.3.2"]
    clock.now += 19
    assert ready(shared, quiet=20) == ["1.2.3.2"]
    clock.now += 1
    assert ready(shared, quiet=20) == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]
    assert ready(shared, quiet=20, limit=2) == ["1.2.3.1", "1.2.3.2"]


def test_what_is_due_waits_for_no_study(shared: Shared) -> None:
    job = read_object(shared, 1, to=["@archive", "pacs"])
    queue_object(shared, 2)
    (due,) = shared.outbox.due("@archive")
    assert (due.key, due.path, due.attempts, due.refusals, due.study_uid) == (job.key, job.path, 0, 0, "1.2")
    assert shared.outbox.due("other") == []


def test_a_failed_delivery_is_due_again_after_its_wait(shared: Shared, clock: Clock) -> None:
    read_object(shared)
    (delivery,) = shared.outbox.due("pacs")
    shared.outbox.retry(delivery, "no association", 60, refused=False)
    shared.outbox.retry(delivery, "status C000", 60, refused=True)
    clock.now += 59
    assert shared.outbox.due("pacs") == []
    clock.now += 1
    (again,) = shared.outbox.due("pacs")
    assert (again.attempts, again.refusals) == (2, 1)
    shared.outbox.retry(again, "status C000", 10**9, refused=True)
    shared.outbox.recover()
    assert len(shared.outbox.due("pacs")) == 1


def test_deliveries_are_counted_and_reconsidered(shared: Shared) -> None:
    read_object(shared, 1, to=["pacs", "web"])
    read_object(shared, 2, to=["pacs"])
    first, second = shared.outbox.due("pacs")
    shared.outbox.sent(first)
    shared.outbox.set_aside(second, "status C000")
    assert shared.outbox.counts() == {("pacs", "sent"): 1, ("pacs", "set_aside"): 1, ("web", "waiting"): 1}
    assert shared.outbox.reconsider() == 1
    (again,) = shared.outbox.due("pacs")
    assert (again.id, again.refusals, again.attempts) == (second.id, 0, 1)


@pytest.fixture
def hasty(shared: Shared, tmp_path: Path) -> Iterator[Shared]:
    """A node whose flagged studies overtake at most three deliveries."""
    database = Database(tmp_path / "hasty.sqlite3")
    yield replace(shared, queue=Queue(database, BUNDLE, ahead=3), outbox=Outbox(database))
    database.close()


def due(shared: Shared) -> list[int]:
    return [int(found.sop_instance_uid.rpartition(".")[2]) for found in shared.outbox.due("pacs")]


def test_what_is_flagged_goes_first_with_its_study(hasty: Shared) -> None:
    for number in (1, 2):
        read_object(hasty, number, study=f"1.{number}")
    read_object(hasty, 3, study="1.9")
    read_object(hasty, 4, study="1.9", flagged=True)
    assert due(hasty) == [3, 4, 1, 2]
    read_object(hasty, 5, study="1.9")
    read_object(hasty, 6, study="1.6", flagged=True)
    assert due(hasty) == [3, 4, 1, 5, 2, 6]


def test_nothing_is_overtaken_without_end(hasty: Shared) -> None:
    read_object(hasty, 1, study="1.1")
    for number in range(2, 12):
        read_object(hasty, number, study=f"1.{number}", flagged=True)
    assert due(hasty) == [2, 3, 4, 1, *range(5, 12)], "of ten later ones, three go first"
    (first, *_) = hasty.outbox.due("pacs")
    hasty.outbox.retry(first, "no association", 0, refused=False)
    assert due(hasty)[0] == 2, "an attempt that failed keeps its place"


def test_the_order_is_that_of_reading_where_nothing_may_overtake(shared: Shared) -> None:
    read_object(shared, 1, study="1.1")
    read_object(shared, 2, study="1.2", flagged=True)
    assert due(shared) == [1, 2]
