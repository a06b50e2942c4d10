"""Reads queued objects, one after the other, and sets aside what cannot be read."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from neumo.core.errors import NodeError
from neumo.dicomnode.back_off import back_off
from neumo.dicomnode.config import ReadConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.work.queue import Job
from neumo.dicomnode.work.reading_process import Outcome, ReadingProcess

_LOOK_AGAIN = 0.5
"""Seconds after which an idle worker looks into the queue although nobody woke it."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Seconds between attempts at an object, at starting a reader, and at writing to a full disk."""


class Worker(threading.Thread):
    """One reader and the thread that feeds it.

    Parameters
    ----------
    config : ReadConfig
    shared : Shared
    process : ReadingProcess
        Started already.
    destinations : sequence of str
        Names of those that every result goes to.
    always : sequence of str
        Names of those that take note of every reading, whether or not results were made of it.
    """

    def __init__(
        self,
        config: ReadConfig,
        shared: Shared,
        process: ReadingProcess,
        destinations: Sequence[str],
        always: Sequence[str] = (),
    ) -> None:
        super().__init__(name="neumo-worker", daemon=True)
        self._queue, self._storage = shared.queue, shared.storage
        self._metrics, self._log = shared.metrics, shared.log
        self._config, self._process = config, process
        self._destinations, self._always = destinations, always
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._broken_off = False

    def wake(self) -> None:
        """Say that there is something new in the queue."""
        self._woken.set()

    def stop(self) -> None:
        """End after the object at hand."""
        self._stopping.set()
        self._woken.set()

    def break_off(self) -> None:
        """Give up the object at hand without a mark against it; the next start reads it."""
        self._broken_off = True
        self._process.kill()

    def run(self) -> None:
        """Read until told to stop."""
        troubles = 0
        while not self._stopping.is_set():
            try:
                worked = self._one()
                troubles = 0
            except (sqlite3.Error, OSError) as error:  # also NodeError: the reader does not start
                troubles += 1
                self._log.fault("worker_waits", error)
                self._stopping.wait(back_off(troubles, _FIRST_WAIT, _LONGEST_WAIT))
                continue
            if not worked:
                self._woken.wait(_LOOK_AGAIN)
                self._woken.clear()
        self._process.end()

    def _one(self) -> bool:
        job = self._queue.claim()
        if job is None:
            return False
        started = time.monotonic()
        try:
            outcome = self._process.read(
                self._storage.root / job.path, self._storage.results_folder(job.key), job.sop_instance_uid
            )
        except NodeError:
            self._surely(lambda: self._queue.release(job))
            raise
        seconds = time.monotonic() - started
        if outcome.status is not None:
            self._finished(job, outcome.status, seconds)
        elif self._broken_off:
            self._surely(lambda: self._queue.release(job))
        else:
            self._failed(job, outcome)
        return True

    def _finished(self, job: Job, status: str, seconds: float) -> None:
        sent_to = self._destinations if self._storage.result_files(job.key) else ()
        self._surely(lambda: self._queue.finish(job, status, [*self._always, *sent_to]))
        self._metrics.readings.labels(status).inc()
        self._metrics.reading_seconds.observe(seconds)
        self._log.info("read", instance=job.sop_instance_uid, status=status, seconds=round(seconds, 3))

    def _failed(self, job: Job, outcome: Outcome) -> None:
        self._metrics.failed.inc()
        attempt = job.attempts + 1
        if outcome.final or attempt >= self._config.attempts:
            self._surely(lambda: self._queue.set_aside(job, outcome.reason))
            self._metrics.set_aside.labels("reading").inc()
            self._log.warning(
                "set_aside", instance=job.sop_instance_uid, reason=outcome.reason, attempts=attempt
            )
            return
        wait = back_off(attempt, _FIRST_WAIT, _LONGEST_WAIT)
        self._surely(lambda: self._queue.retry(job, outcome.reason, wait))
        self._log.warning(
            "reading_failed", instance=job.sop_instance_uid, reason=outcome.reason, attempt=attempt
        )

    def _surely(self, change: Callable[[], None]) -> None:
        """Write a change as soon as the disk takes it; a stop leaves it to the next start, which repeats it."""
        failures = 0
        while True:
            try:
                change()
                return
            except sqlite3.Error as error:
                failures += 1
                self._log.fault("queue_not_written", error)
                if self._stopping.wait(back_off(failures, _FIRST_WAIT, _LONGEST_WAIT)):
                    return
