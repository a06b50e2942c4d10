"""A pool's queue: in turn, urgent ones first, bounded, cancelled, and stopped."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path

import pytest
from tests.support.waiting import wait_until

from neumo.core.errors import ChildError, ChildStartError
from neumo.worker.reader_pool import PoolBusyError, PoolStoppedError, ReaderPool
from neumo.worker.reader_process import ReaderProcess

Make = Callable[..., ReaderProcess]


class Waiting:
    """Requests of readers that wait until a file is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def request(self, say: str) -> dict[str, str]:
        return {"do": "wait", "mark": str(self.mark(say)), "until": str(self._folder / "go"), "say": say}

    def mark(self, say: str) -> Path:
        return self._folder / say

    def go(self) -> None:
        (self._folder / "go").touch()


@pytest.fixture
def pool(make: Make) -> Iterator[ReaderPool]:
    started = ReaderPool([make()], 2)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    return Waiting(tmp_path)


def lost(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why readers were lost, as logged."""
    return [record.fields["reason"] for record in caplog.records if record.getMessage() == "reader_lost"]  # type: ignore[attr-defined]


def test_urgent_requests_come_before_those_that_wait(pool: ReaderPool, waiting: Waiting) -> None:
    order: list[str] = []
    first = pool.submit(waiting.request("first"))
    wait_until(waiting.mark("first").exists)
    later = [
        pool.submit(waiting.request(say), urgent=say == "urgent", started=partial(order.append, say))
        for say in ("second", "third", "urgent")
    ]
    assert pool.queued == 3
    waiting.go()
    assert first.result(60) == {"said": "first"}
    assert [future.result(60)["said"] for future in later] == ["second", "third", "urgent"]
    assert order == ["urgent", "second", "third"]


def test_what_waits_and_what_is_being_read_can_be_cancelled(
    pool: ReaderPool, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "neumo.events")
    read, queued = pool.submit(waiting.request("read")), pool.submit(waiting.request("queued"))
    wait_until(waiting.mark("read").exists)
    pool.cancel(queued)
    pool.cancel(read)
    with pytest.raises(ChildError) as caught:
        read.result(60)
    assert caught.value.code == "cancelled"
    with pytest.raises(CancelledError):
        queued.result(60)
    waiting.go()
    assert pool.submit(waiting.request("next")).result(60) == {"said": "next"}
    pool.cancel(read)  # too late: nobody is harmed
    assert pool.submit(waiting.request("last")).result(60) == {"said": "last"}
    assert lost(caplog) == ["cancelled"]


def test_no_more_files_are_taken_than_may_wait(pool: ReaderPool) -> None:
    pool.take(1)
    with pool.place(), pytest.raises(PoolBusyError):
        pool.require_room()
    with pytest.raises(PoolBusyError):
        pool.take(2)
    pool.give_back()
    pool.take(5)  # one upload may hold more than that where nothing else waits


def test_a_reader_that_was_killed_is_replaced(
    pool: ReaderPool, film: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "neumo.events")
    pid = pool.submit({"do": "read", "source": str(film)}).result(60)["pid"]
    with pytest.raises(ChildError) as caught:
        pool.submit({"do": "crash"}).result(60)
    assert caught.value.code == "crash"
    wait_until(lambda: pool.readers == 1)
    fresh = pool.submit({"do": "read", "source": str(film)}).result(60)["pid"]
    assert fresh != pid
    os.kill(fresh, signal.SIGKILL)
    os.waitid(os.P_PID, fresh, os.WEXITED | os.WNOWAIT)
    assert pool.submit({"do": "read", "source": str(film)}).result(60)["status"] == "read"
    assert lost(caplog) == ["crash"]


def test_a_stop_kills_what_is_read_and_cancels_what_waits(make: Make, waiting: Waiting) -> None:
    pool = ReaderPool([make()], 9)
    pool.start()
    read, queued = pool.submit(waiting.request("read")), pool.submit(waiting.request("queued"))
    wait_until(waiting.mark("read").exists)
    before = threading.active_count()
    pool.stop()
    with pytest.raises(ChildError):
        read.result(60)
    assert queued.cancelled() and pool.readers == 0 and threading.active_count() < before
    assert pool.submit(waiting.request("late")).cancelled()
    with pytest.raises(PoolStoppedError):
        pool.require_room()


def test_a_pool_whose_first_reader_does_not_start_says_so(make: Make) -> None:
    pool = ReaderPool([make(bundle="/nowhere")], 1)
    with pytest.raises(ChildStartError, match="nowhere"):
        pool.start()
    pool.stop()
