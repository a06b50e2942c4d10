"""The worker: readings are finished, retried or set aside, and what a stop interrupts is not lost."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest
from tests.support.node_parts import EventLog, metric, queue_object, write_results
from tests.support.waiting import wait_until

from neumo.core.errors import ChildError, ChildStartError
from neumo.core.lost_file import INTERRUPTED, LOST, unexpected_error
from neumo.core.reading import Notice
from neumo.dicomnode.config import ReadConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.queued_objects import Job
from neumo.dicomnode.work import worker as module
from neumo.dicomnode.work.worker import Worker
from neumo.worker.reader_process import ReaderProcess

READ = {"status": "read"}


def failed(code: str, *, reported: bool = False) -> dict[str, Any]:
    """Answer of a reader to an object that it cannot read."""
    return {"status": "failed", "reason": Notice(code, "Why.").to_json(), "reported": reported}


class Reader:
    """Reads nothing; gives the answers that it was told to, then "read"."""

    def __init__(self, *planned: Mapping[str, Any] | Exception) -> None:
        self._planned = list(planned)
        self.requests: list[Mapping[str, Any]] = []
        self.killed, self.ended = threading.Event(), threading.Event()
        self.holds = False

    def ask(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        self.requests.append(request)
        if self.holds:
            assert self.killed.wait(120)
            raise ChildError("crash", "killed")
        planned = self._planned.pop(0) if self._planned else READ
        if isinstance(planned, Exception):
            raise planned
        return planned, b""

    def kill(self) -> None:
        self.killed.set()

    def end(self) -> None:
        self.ended.set()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(module, "_MAX_WAIT", 0.02)


@contextmanager
def working(shared: Shared, reader: Reader, *, stops: bool = True) -> Iterator[Worker]:
    worker = Worker(ReadConfig(attempts=2), shared, cast(ReaderProcess, reader), ["pacs"], ["@archive"])
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        worker.join(120)
        assert not worker.is_alive() and reader.ended.is_set()


def counted(shared: Shared, state: str, number: int = 1) -> None:
    wait_until(lambda: shared.queue.counts()[state] == number)


def test_a_reading_goes_to_the_archive_and_its_results_to_destinations(shared: Shared, log: EventLog) -> None:
    queue_object(shared, 1)
    job = shared.queue.claim()
    assert job is not None
    write_results(shared, job)
    shared.queue.release(job)
    reader = Reader()
    with working(shared, reader) as worker:
        counted(shared, "read", 1)
        queue_object(shared, 2)  # of which the reader makes no results
        worker.wake()
        counted(shared, "read", 2)
        wait_until(lambda: len(log.events("read")) == 2)
    (first, _) = reader.requests
    assert first["source"] == str(shared.folder.root / job.path) and first["name"] == "1.2.3.1"
    assert first["target"] == str(shared.folder.results_folder(job.key))
    assert shared.outbox.counts() == {("@archive", "waiting"): 2, ("pacs", "waiting"): 1}
    assert metric(shared, "neumo_readings_total", status="read") == 2
    assert "1.2.3" not in str(log.events("read"))


def test_a_failed_reading_is_tried_again(shared: Shared, log: EventLog) -> None:
    queue_object(shared)
    reader = Reader(ChildError("timeout", "took too long"))
    with working(shared, reader):
        counted(shared, "read")
    assert len(reader.requests) == 2
    assert [event["reason"] for event in log.events("reading_failed")] == ["timeout"]
    assert metric(shared, "neumo_reading_failures_total") == 1


@pytest.mark.parametrize(
    ("answers", "reason", "notice"),
    [
        ([ChildError("crash", "ended")] * 2, "crash", LOST["crash"]),
        ([ChildError("timeout", "slow")] * 2, "timeout", LOST["timeout"]),
        ([ChildError("killed", "ended")] * 2, "killed", INTERRUPTED),
        (
            [{"error": "ValueError", "where": "a.py:1 f"}] * 2,
            "error: ValueError at a.py:1 f",
            unexpected_error("ValueError", "a.py:1 f"),
        ),
        ([failed("not_an_image")], "not_an_image", Notice("not_an_image", "Why.")),
    ],
)
def test_what_cannot_be_read_is_set_aside_with_a_reason_of_failed_readings(
    shared: Shared, log: EventLog, answers: list[Mapping[str, Any] | Exception], reason: str, notice: Notice
) -> None:
    queue_object(shared)
    reader = Reader(*answers, failed(notice.code, reported=True))
    with working(shared, reader):
        counted(shared, "set_aside")
        wait_until(lambda: log.events("set_aside"))
    (event,) = log.events("set_aside")
    assert (event["reason"], event["attempts"], event["reported"]) == (reason, len(answers), True)
    assert [request["failed"] for request in reader.requests] == [None] * len(answers) + [notice.to_json()]
    assert metric(shared, "neumo_set_aside_total", stage="reading") == 1
    assert shared.outbox.counts() == {("@archive", "waiting"): 1}, (
        "the fake reader makes no files for the PACS"
    )


@pytest.mark.parametrize("code", ["not_an_image", "out_of_memory", "unreadable_file"])
def test_what_an_earlier_node_reported_is_set_aside_without_another_report(
    shared: Shared, log: EventLog, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "lacks_memory", lambda _needed: True)
    queue_object(shared)
    reader = Reader(failed(code, reported=True))
    with working(shared, reader):
        counted(shared, "set_aside")
        wait_until(lambda: log.events("set_aside"))
    assert len(reader.requests) == 1 and log.events("set_aside")[0]["reported"] is True
    assert shared.outbox.counts() == {("@archive", "waiting"): 1}


def test_an_object_of_which_no_report_can_be_made_is_set_aside_all_the_same(
    shared: Shared, log: EventLog
) -> None:
    queue_object(shared)
    with working(shared, Reader(*[ChildError("crash", "ended")] * 3)):
        counted(shared, "set_aside")
        wait_until(lambda: log.events("set_aside"))
    assert log.events("set_aside")[0]["reported"] is False and shared.outbox.counts() == {}


OWN = [
    {"error": "OutputError", "errno": 28, "own": "disk_full", "where": "files.py:1 f"},
    {"error": "OSError", "errno": 24, "own": "too_many_files", "where": "files.py:1 f"},
    failed("unreadable_file"),
    failed("out_of_memory"),
    ChildError("out_of_memory", "took too much"),
]


@pytest.mark.parametrize("fault", OWN, ids=["disk", "descriptors", "medium", "memory", "memory of the child"])
def test_faults_of_the_machine_never_set_an_object_aside(
    shared: Shared, log: EventLog, fault: Mapping[str, Any] | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "lacks_memory", lambda _needed: True)
    queue_object(shared)
    with working(shared, Reader(*[fault] * 4)) as worker:
        wait_until(lambda: worker.troubles or shared.queue.counts()["read"])
        counted(shared, "read")
        wait_until(lambda: not worker.troubles)
    assert len(log.events("machine_fault")) == 4 and not log.events("set_aside")


def test_too_much_memory_is_the_objects_fault_where_the_machine_has_it(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "lacks_memory", lambda _needed: False)
    queue_object(shared)
    with working(
        shared,
        Reader(*[ChildError("out_of_memory", "took too much")] * 2, failed("out_of_memory", reported=True)),
    ):
        counted(shared, "set_aside")


def test_an_object_whose_file_is_gone_is_set_aside(shared: Shared, log: EventLog) -> None:
    new = queue_object(shared)
    shared.folder.delete_object(new.path)
    with working(shared, Reader(*[failed("unreadable_file")] * 2)):
        counted(shared, "set_aside")


def test_an_object_that_was_read_while_the_node_died_too_often_fails_unread(
    shared: Shared, log: EventLog
) -> None:
    queue_object(shared)
    for _ in range(ReadConfig().interruptions):
        assert shared.queue.claim() is not None
        shared.queue.recover()
    reader = Reader(failed("interrupted", reported=True))
    with working(shared, reader):
        counted(shared, "set_aside")
    assert [request["failed"] for request in reader.requests] == [INTERRUPTED.to_json()]


def test_an_error_that_nobody_foresaw_does_not_end_the_thread(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_object(shared)
    with working(shared, Reader(MemoryError(), RuntimeError())):
        wait_until(lambda: len(log.events("worker_waits")) == 1)
    assert log.events("worker_waits")


def test_a_reader_that_does_not_start_costs_no_attempt(shared: Shared, log: EventLog) -> None:
    queue_object(shared)
    reader = Reader(*[ChildStartError("no memory")] * 4)
    with working(shared, reader):
        counted(shared, "read")
    assert len(log.events("worker_waits")) == 4 and not log.events("reading_failed")


def test_what_an_abort_interrupts_waits_for_the_next_start(shared: Shared, log: EventLog) -> None:
    queue_object(shared)
    reader = Reader()
    reader.holds = True
    with working(shared, reader) as worker:
        wait_until(lambda: reader.requests)
        worker.stop()
        worker.abort()
    assert shared.queue.counts()["waiting"] == 1
    job = shared.queue.claim()
    assert job is not None and job.attempts == 0
    assert not log.events("reading_failed")


def test_a_full_disk_delays_what_was_read_and_loses_nothing(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_object(shared)
    failures, finish = [1, 1, 1], shared.queue.finish

    def full(*given: Any, **flags: Any) -> None:
        if failures.pop() if failures else False:
            raise sqlite3.OperationalError("database or disk is full")
        finish(*given, **flags)

    monkeypatch.setattr(type(shared.queue), "finish", lambda _queue, *given, **flags: full(*given, **flags))
    reader = Reader()
    with working(shared, reader):
        counted(shared, "read")
    assert len(reader.requests) == 1 and len(log.events("queue_not_written")) == 3


def test_a_stop_leaves_what_cannot_be_written_to_the_next_start(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    queue_object(shared)
    monkeypatch.setattr(type(shared.queue), "finish", full)
    with working(shared, Reader()):
        wait_until(lambda: log.events("queue_not_written"))
    assert shared.queue.recover() == 1
    assert shared.queue.counts()["waiting"] == 1


def test_a_queue_that_cannot_be_asked_does_not_end_the_thread(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_object(shared)
    claim, failures = shared.queue.claim, [1]

    def failing(_: object) -> Job | None:
        if failures:
            failures.pop()
            raise sqlite3.OperationalError("disk I/O error")
        return claim()

    monkeypatch.setattr(type(shared.queue), "claim", failing)
    with working(shared, Reader()):
        counted(shared, "read")
    assert [event["error"] for event in log.events("worker_waits")] == ["OperationalError"]
