"""Background jobs: several files to read, their progress, events and cancellation."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from neumo.core.back_off import back_off
from neumo.core.errors import ArchiveUnavailableError
from neumo.core.logging import fault
from neumo.core.reading import Notice
from neumo.records.audit_log import now
from neumo.web.http.problems import Problem
from neumo.web.readings.intake import Intake, ProgressCallbacks, UploadResult
from neumo.web.readings.uploads import Upload
from neumo.worker.reader_pool import ReaderPool

_RETENTION_SECONDS = 3600.0
_RECORD_ATTEMPTS = 6
_FIRST_PAUSE, _MAX_PAUSE = 1.0, 15.0
"""Seconds between attempts to record while the archive is unavailable."""


@dataclass
class JobFile:
    """State of one file of a job."""

    index: int
    name: str
    status: str = "waiting"
    reading: int | None = None
    again: bool = False
    reasons: tuple[Notice, ...] = ()


@dataclass(eq=False)
class Job:
    """Files that are read in the background; to be used on the server's event loop."""

    id: str
    person: str
    files: list[JobFile]
    created_at: str
    ended: float | None = None
    cancelled: bool = False
    futures: "dict[int, Future[dict[str, Any]]]" = field(default_factory=dict)
    watchers: "set[asyncio.Queue[JobFile | None]]" = field(default_factory=set)

    @property
    def status(self) -> str:
        """One of "waiting", "running", "finished" and "cancelled"."""
        if self.ended is not None:
            return "cancelled" if self.cancelled else "finished"
        return "waiting" if all(file.status == "waiting" for file in self.files) else "running"

    def notify(self, file: JobFile | None) -> None:
        """Notify the watchers that a file changed, or that the job ended (None)."""
        for watcher in self.watchers:
            watcher.put_nowait(file)

    async def events(self, quiet: float) -> AsyncIterator[JobFile | None]:
        """Yield files as they change, and None after `quiet` seconds without a change; ends with the job."""
        watcher: asyncio.Queue[JobFile | None] = asyncio.Queue()
        self.watchers.add(watcher)
        try:
            while self.ended is None or not watcher.empty():
                try:
                    file = await asyncio.wait_for(watcher.get(), quiet)
                except TimeoutError:
                    yield None
                    continue
                if file is None:
                    return
                yield file
        finally:
            self.watchers.discard(watcher)


class Jobs:
    """The server's jobs, kept in memory for an hour after their end.

    Parameters
    ----------
    intake : Intake
    pool : ReaderPool
    """

    def __init__(self, intake: Intake, pool: ReaderPool) -> None:
        self._intake, self._pool = intake, pool
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, uploads: list[Upload], person: str) -> Job:
        """Start a job; each file frees its reserved place in the queue when it is done."""
        self._drop_ended()
        files = [JobFile(index, upload.name) for index, upload in enumerate(uploads)]
        job = Job(secrets.token_hex(16), person, files, now())
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job, uploads))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, identifier: str, person: str) -> Job:
        """Return a person's job. Raises Problem."""
        job = self._jobs.get(identifier)
        if job is None or job.person != person:
            raise Problem(404, "not_found")
        return job

    def cancel(self, job: Job) -> None:
        """Cancel the files that are not read yet. Raises Problem where the job has ended."""
        if job.ended is not None:
            raise Problem(409, "finished")
        job.cancelled = True
        for future in list(job.futures.values()):
            self._pool.cancel(future)

    async def stop(self) -> None:
        """Cancel all jobs and wait for their tasks; the pool has cancelled their requests."""
        for job in self._jobs.values():
            job.cancelled = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    async def _run(self, job: Job, uploads: list[Upload]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for file, upload in zip(job.files, uploads, strict=True):
                    group.create_task(self._read(job, file, upload))
        finally:
            job.ended = time.monotonic()
            job.notify(None)

    async def _read(self, job: Job, file: JobFile, upload: Upload) -> None:
        def submitted(future: "Future[dict[str, Any]]") -> None:
            job.futures[file.index] = future
            if job.cancelled:
                self._pool.cancel(future)

        def started() -> None:
            if file.status == "waiting":
                file.status = "reading"
                job.notify(replace(file))

        try:
            result = await self._read_with_retries(job, upload, ProgressCallbacks(submitted, started))
        except Exception as error:
            fault("job_file_failed", error)
            result = UploadResult(
                "failed", reasons=(Notice("server_fault", "The server is at fault; send the file again."),)
            )
        finally:
            self._pool.give_back()
            job.futures.pop(file.index, None)
        file.status, file.reading, file.again = result.status, result.reading, result.again
        file.reasons = result.reasons
        job.notify(file)

    async def _read_with_retries(self, job: Job, upload: Upload, progress: ProgressCallbacks) -> UploadResult:
        for attempt in itertools.count(1):
            try:
                return await self._intake.read(upload, job.person, progress=progress)
            except ArchiveUnavailableError:
                # The reading file is stored already, so a retry does not read the image again.
                if attempt == _RECORD_ATTEMPTS or job.cancelled:
                    raise
                await asyncio.sleep(back_off(attempt, _FIRST_PAUSE, _MAX_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    def _drop_ended(self) -> None:
        limit = time.monotonic() - _RETENTION_SECONDS
        for job in [job for job in self._jobs.values() if job.ended is not None and job.ended < limit]:
            del self._jobs[job.id]
