"""Worker: reads queued objects one by one, retries failed ones, and sets aside what cannot be read."""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neumo.core.back_off import back_off
from neumo.core.errors import ChildError, ChildStartError
from neumo.dicomnode.config import ReadConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.queue import Job
from neumo.worker.reader_process import ReaderProcess

_POLL_SECONDS = 0.5
"""Between looks into the queue while nobody wakes the worker."""
_FIRST_WAIT, _MAX_WAIT = 1.0, 60.0
"""Seconds between attempts to read an object, to start a reader, and to write to a full disk."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt to read an object ended.

    Attributes
    ----------
    status : str or None
        "read" or "refused"; None where there is no reading.
    reason : str
        Code of why there is none: "crash", "timeout", "out_of_memory", "error: ...", or the reader's own code; else "".
    final : bool
        Whether another attempt can only end the same way.
    """

    status: str | None
    reason: str = ""
    final: bool = False


class Worker(threading.Thread):
    """Thread of one reader.

    Parameters
    ----------
    config : ReadConfig
    shared : Shared
    process : ReaderProcess
        Started already.
    destinations : sequence of str
        Names of those that get the results of every reading.
    recording : sequence of str
        Names of those that get every reading, whether or not results were made of it.
    """

    def __init__(
        self,
        config: ReadConfig,
        shared: Shared,
        process: ReaderProcess,
        destinations: Sequence[str],
        recording: Sequence[str] = (),
    ) -> None:
        super().__init__(name="neumo-worker", daemon=True)
        self._queue, self._folder = shared.queue, shared.folder
        self._metrics, self._log = shared.metrics, shared.log
        self._config, self._process = config, process
        self._destinations, self._recording = destinations, recording
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._aborted = False

    def wake(self) -> None:
        """Tell the worker that an object was queued."""
        self._woken.set()

    def stop(self) -> None:
        """End after the current object."""
        self._stopping.set()
        self._woken.set()

    def abort(self) -> None:
        """Kill the reader and requeue the current object, without counting it as an attempt."""
        self._aborted = True
        self._process.kill()

    def run(self) -> None:
        """Read until told to stop."""
        failures = 0
        while not self._stopping.is_set():
            try:
                worked = self._read_next()
                failures = 0
            except (sqlite3.Error, OSError) as error:  # also ChildStartError
                failures += 1
                self._log.fault("worker_waits", error)
                self._stopping.wait(back_off(failures, _FIRST_WAIT, _MAX_WAIT))
                continue
            if not worked:
                self._woken.wait(_POLL_SECONDS)
                self._woken.clear()
        self._process.end()

    def _read_next(self) -> bool:
        job = self._queue.claim()
        if job is None:
            return False
        started = time.monotonic()
        try:
            outcome = self._outcome(job)
        except ChildStartError:
            self._write_with_retries(lambda: self._queue.release(job))
            raise
        seconds = time.monotonic() - started
        if outcome.status is not None:
            self._finished(job, outcome.status, seconds)
        elif self._aborted:
            self._write_with_retries(lambda: self._queue.release(job))
        else:
            self._failed(job, outcome)
        return True

    def _outcome(self, job: Job) -> Outcome:
        """Have an object read. Raises ChildStartError."""
        request = {
            "source": str(self._folder.root / job.path),
            "target": str(self._folder.results_folder(job.key)),
            "name": job.sop_instance_uid,
        }
        try:
            answer, _ = self._process.ask(request)
        except ChildStartError:
            raise
        except ChildError as error:
            return Outcome(None, error.code)
        return _outcome_of(answer)

    def _finished(self, job: Job, status: str, seconds: float) -> None:
        sent_to = self._destinations if self._folder.result_files(job.key) else ()
        self._write_with_retries(lambda: self._queue.finish(job, status, [*self._recording, *sent_to]))
        self._metrics.readings.labels(status).inc()
        self._metrics.reading_seconds.observe(seconds)
        self._log.info("read", instance=job.sop_instance_uid, status=status, seconds=round(seconds, 3))

    def _failed(self, job: Job, outcome: Outcome) -> None:
        self._metrics.failed.inc()
        attempt = job.attempts + 1
        if outcome.final or attempt >= self._config.attempts:
            self._write_with_retries(lambda: self._queue.set_aside(job, outcome.reason))
            self._metrics.set_aside.labels("reading").inc()
            self._log.warning(
                "set_aside", instance=job.sop_instance_uid, reason=outcome.reason, attempts=attempt
            )
            return
        wait = back_off(attempt, _FIRST_WAIT, _MAX_WAIT)
        self._write_with_retries(lambda: self._queue.retry(job, outcome.reason, wait))
        self._log.warning(
            "reading_failed", instance=job.sop_instance_uid, reason=outcome.reason, attempt=attempt
        )

    def _write_with_retries(self, change: Callable[[], None]) -> None:
        """Apply a change to the queue, and retry until it is written or the worker stops.

        After a stop the next start reads the object again.
        """
        failures = 0
        while True:
            try:
                change()
                return
            except sqlite3.Error as error:
                failures += 1
                self._log.fault("queue_not_written", error)
                if self._stopping.wait(back_off(failures, _FIRST_WAIT, _MAX_WAIT)):
                    return


def _outcome_of(answer: Mapping[str, Any]) -> Outcome:
    if "error" in answer:
        return Outcome(None, f"error: {answer['error']} at {answer['where']}")
    if answer["status"] == "failed":
        codes = answer["reasons"]
        # The disk may answer next time; a file that is no image stays none.
        return Outcome(None, ", ".join(codes), final="unreadable_file" not in codes)
    return Outcome(str(answer["status"]))
