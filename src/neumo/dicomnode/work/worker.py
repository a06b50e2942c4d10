"""Worker: reads queued objects one by one, retries failed ones, and sets aside what cannot be read."""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from neumo.core.back_off import back_off
from neumo.core.errors import ChildError, ChildStartError
from neumo.core.faults import lacks_memory
from neumo.core.lost_file import INTERRUPTED, LOST, OUT_OF_MEMORY, unexpected_error
from neumo.core.reading import Notice, Status
from neumo.dicomnode.config import CANARY, ReadConfig
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.queued_objects import Job
from neumo.worker.reader_process import ReaderProcess

_POLL_SECONDS = 0.5
"""Between looks into the queue while nobody wakes the worker."""
_FIRST_WAIT, _MAX_WAIT = 1.0, 60.0
"""Seconds between attempts to read an object, to start a reader, and to write to a full disk."""
_MIN_MEMORY = 512 * 2**20
"""Bytes that a machine has to spare while a reader without a limit may blame an object for taking too much."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of an attempt to read an object.

    Attributes
    ----------
    status : str or None
        "read" or "refused"; None where there is no reading with an answer or refusal.
    reason : str
        Code of why there is none, for the log: "crash", "timeout", "out_of_memory", "killed", "interrupted",
        "error: ...", or the reader's own; else "".
    notice : Notice or None
        Reason of the failed reading; None where there is a reading, or a fault of the machine that passes.
    reported : bool
        Whether the report that the object could not be read is written.
    final : bool
        Whether another attempt can only end the same way.
    own : bool
        Whether it is a fault of this machine (full disk, too little memory), of which the object is innocent.
    left_out : tuple of str
        Attributes of the radiograph that the results do not hold, since their values are invalid.
    flagged : bool
        Whether the verdict is pneumonia, so that the results overtake others.
    site : tuple of str
        Codes of what every answer of a site's bundle warns of, such as that its day of review has passed.
    """

    status: str | None
    reason: str = ""
    notice: Notice | None = None
    reported: bool = False
    final: bool = False
    own: bool = False
    flagged: bool = False
    left_out: tuple[str, ...] = ()
    site: tuple[str, ...] = ()


_INTERRUPTED: Final = Outcome(None, INTERRUPTED.code, INTERRUPTED, final=True)


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
        self._postponed: dict[int, int] = {}
        self.troubles: dict[int, str] = {}
        """Objects that faults of this machine keep from being read, each with its fault; for /healthz."""

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
            except (
                Exception
            ) as error:  # the database, a reader that does not start, too little memory: they pass
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
            interrupted = job.interruptions >= self._config.interruptions
            outcome = _INTERRUPTED if interrupted else self._outcome(job)
        except ChildStartError:
            self._write_with_retries(lambda: self._queue.release(job))
            raise
        seconds = time.monotonic() - started
        if outcome.status is not None:
            self._finished(job, outcome, seconds)
        elif self._aborted:
            self._write_with_retries(lambda: self._queue.release(job))
        elif outcome.own:
            self._postpone(job, outcome.reason)
        else:
            self._failed(job, outcome)
        return True

    def _outcome(self, job: Job, failed: Notice | None = None) -> Outcome:
        """Have an object read, or its failure reported, for a reason. Raises ChildStartError."""
        source = self._folder.root / job.path
        request = {
            "source": str(source),
            "target": str(self._folder.results_folder(job.key)),
            "name": job.sop_instance_uid,
            "failed": failed and failed.to_json(),
        }
        try:
            answer, _ = self._process.ask(request)
        except ChildStartError:
            raise
        except ChildError as error:
            scarce = error.code in {"out_of_memory", "killed"} and self._lacks_memory()
            return Outcome(None, error.code, LOST.get(error.code, INTERRUPTED), own=scarce)
        outcome = _outcome_of(answer)
        if outcome.reported:
            return outcome
        if outcome.reason == "unreadable_file":  # its file lies in the node's own folder
            return replace(outcome, own=source.exists(), final=False)
        if outcome.reason == OUT_OF_MEMORY.code:
            return replace(outcome, own=self._lacks_memory(), final=False)
        return outcome

    def _lacks_memory(self) -> bool:
        """Whether the machine has less memory than a reader may take, so that the object is innocent of the lack."""
        return lacks_memory(self._config.memory_bytes or _MIN_MEMORY)

    def _finished(self, job: Job, outcome: Outcome, seconds: float) -> None:
        status = str(outcome.status)
        self._write_with_retries(
            lambda: self._queue.finish(job, status, self._receivers(job), flagged=outcome.flagged)
        )
        self._innocent(job)
        fields: dict[str, Any] = {"status": status, "seconds": round(seconds, 3)}
        if job.canary:
            fields["canary"] = True
        else:
            self._metrics.readings.labels(status).inc()
            self._metrics.reading_seconds.observe(seconds)
        if outcome.left_out:
            fields["left_out"] = list(outcome.left_out)
        if outcome.site:
            fields["site"] = list(outcome.site)
        self._log.info("read", instance=job.sop_instance_uid, **fields)

    def _receivers(self, job: Job) -> list[str]:
        if job.canary:
            return [CANARY] if self._folder.result_files(job.key) else []
        sent_to = self._destinations if self._folder.result_files(job.key) else ()
        return [*self._recording, *sent_to]

    def _innocent(self, job: Job) -> None:
        self._postponed.pop(job.id, None)
        self.troubles.pop(job.id, None)

    def _postpone(self, job: Job, reason: str) -> None:
        """Retry an object later, without limit, with back-off: a fault of this machine, such as a full disk."""
        failures = self._postponed[job.id] = self._postponed.get(job.id, 0) + 1
        self.troubles[job.id] = reason
        self._metrics.machine_faults.labels(reason.partition(":")[0]).inc()
        wait = back_off(failures, _FIRST_WAIT, _MAX_WAIT)
        self._write_with_retries(lambda: self._queue.postpone(job, reason, wait))
        self._log.warning("machine_fault", instance=job.sop_instance_uid, reason=reason, failures=failures)

    def _set_aside(self, job: Job, outcome: Outcome, attempt: int) -> None:
        """Stop trying to read an object, and have the report of the failure written and delivered where possible."""
        report = outcome if outcome.reported else self._outcome(job, failed=outcome.notice)
        if report.own:
            self._postpone(job, report.reason)
            return
        receivers = self._receivers(job) if report.reported else []
        self._write_with_retries(lambda: self._queue.set_aside(job, outcome.reason, receivers))
        self._innocent(job)
        self._metrics.set_aside.labels("reading").inc()
        self._log.warning(
            "set_aside",
            instance=job.sop_instance_uid,
            reason=outcome.reason,
            attempts=attempt,
            reported=report.reported,
        )

    def _failed(self, job: Job, outcome: Outcome) -> None:
        self._metrics.failed.inc()
        attempt = job.attempts + 1
        if outcome.final or attempt >= self._config.attempts:
            self._set_aside(job, outcome, attempt)
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
    if answer.get("own"):
        return Outcome(None, str(answer["own"]), own=True)
    if "error" in answer:
        kind, place = str(answer["error"]), str(answer["where"])
        return Outcome(None, f"error: {kind} at {place}", unexpected_error(kind, place))
    if answer["status"] == Status.FAILED:
        notice = Notice.from_json(answer["reason"])
        return Outcome(None, notice.code, notice, reported=bool(answer["reported"]), final=True)
    left_out, site = (tuple(answer.get(name, ())) for name in ("left_out", "site"))
    return Outcome(str(answer["status"]), flagged=bool(answer.get("flagged")), left_out=left_out, site=site)
