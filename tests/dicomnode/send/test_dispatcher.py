"""The dispatcher: complete studies leave together, failures are retried, refusals set aside."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.node_parts import EventLog, deliveries, metric, read_object
from tests.support.waiting import wait_until

from neumo.dicomnode.config import RetryConfig, SendConfig
from neumo.dicomnode.send.dispatcher import Dispatcher
from neumo.dicomnode.shared import Shared
from neumo.sending.attempts import SENT, Attempt, Fate
from neumo.sending.sender import Send

CONFIG = SendConfig(quiet=0, retry=RetryConfig(first=0.01, longest=0.02, refusals=2))


class Sending:
    """Sends nothing; gives the attempts that it was told to, then success."""

    def __init__(self, *planned: Attempt) -> None:
        self._planned = list(planned)
        self.calls: list[list[Path]] = []

    def __call__(self, files: Sequence[Path]) -> list[Attempt]:
        self.calls.append(list(files))
        attempt = self._planned.pop(0) if self._planned else SENT
        return [attempt] * len(files)


@contextmanager
def dispatching(shared: Shared, send: Send) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher("pacs", send, CONFIG, shared)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()
        dispatcher.join(120)
        assert not dispatcher.is_alive()


def state(shared: Shared, name: str) -> Callable[[], bool]:
    return lambda: shared.outbox.counts().get(("pacs", name), 0) > 0


def test_results_of_a_study_leave_together(shared: Shared, log: EventLog) -> None:
    read_object(shared, 1, files=2)
    read_object(shared, 2)
    send = Sending()
    with dispatching(shared, send):
        wait_until(lambda: shared.outbox.counts() == {("pacs", "sent"): 2})
        wait_until(lambda: len(log.events("sent")) == 2)
    (files,) = send.calls
    assert [file.name for file in files] == ["00.dcm", "01.dcm", "00.dcm"]
    assert metric(shared, "neumo_results_sent_total", destination="pacs") == 3
    assert [event["objects"] for event in log.events("sent")] == [2, 1]
    assert "1.2.3.1" not in str(log.events("sent"))


def test_an_archive_that_is_unavailable_is_tried_for_ever(shared: Shared, log: EventLog) -> None:
    read_object(shared)
    send = Sending(*[Attempt(Fate.UNAVAILABLE, "no association")] * 5)
    with dispatching(shared, send):
        wait_until(state(shared, "sent"))
    assert len(send.calls) == 6
    failures = {"destination": "pacs", "kind": "unavailable"}
    assert metric(shared, "neumo_send_failures_total", **failures) == 5
    assert {event["reason"] for event in log.events("not_sent")} == {"no association"}


def test_a_busy_archive_is_tried_for_ever(shared: Shared) -> None:
    read_object(shared)
    send = Sending(*[Attempt(Fate.BUSY, "status A700")] * 4)
    with dispatching(shared, send):
        wait_until(state(shared, "sent"))
    assert len(send.calls) == 5


def test_what_an_archive_refuses_is_set_aside(shared: Shared, log: EventLog) -> None:
    read_object(shared)
    send = Sending(*[Attempt(Fate.REFUSED, "status C000")] * 9)
    with dispatching(shared, send):
        wait_until(state(shared, "set_aside"))
        wait_until(lambda: log.events("set_aside"))
    assert len(send.calls) == 2
    assert log.events("set_aside")[0]["reason"] == "status C000"
    assert metric(shared, "neumo_set_aside_total", stage="sending") == 1
    assert deliveries(shared) == []


def test_a_disk_that_fails_does_not_end_the_thread(
    shared: Shared, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_object(shared)
    whole, failures = shared.outbox.ready, [sqlite3.OperationalError("disk I/O error"), OSError(5, "error")]

    def ready(destination: str, quiet: float) -> object:
        if failures:
            raise failures.pop()
        return whole(destination, quiet)

    monkeypatch.setattr(type(shared.outbox), "ready", lambda _outbox, *given: ready(*given))
    with dispatching(shared, Sending()):
        wait_until(state(shared, "sent"))
    assert {event["error"] for event in log.events("dispatcher_waits")} == {"OSError", "OperationalError"}
