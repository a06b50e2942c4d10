"""Several files read in the background, and who watches them."""

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
from neumo.web.readings.intake import Intake, Taken, Watch
from neumo.web.readings.uploads import Upload
from neumo.worker.reader_pool import ReaderPool

_KEPT_SECONDS = 3600.0
_RECORD_ATTEMPTS = 6
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
"""Seconds between attempts to record while the archive is unavailable."""


@dataclass
class JobFile:
    """One file of a job, as it stands."""

    index: int
    name: str
    status: str = "waiting"
    reading: int | None = None
    again: bool = False
    reasons: tuple[Notice, ...] = ()


@dataclass(eq=False)
class Job:
    """Files on their way; all of it belongs to the server's event loop."""

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

    def tell(self, file: JobFile | None) -> None:
        """Tell everybody who watches that a file changed, or that the job ended (None)."""
        for watcher in self.watchers:
            watcher.put_nowait(file)

    async def events(self, quiet: float) -> AsyncIterator[JobFile | None]:
        """Yield files as they change, None where nothing happened for `quiet` seconds; ends with the job."""
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
    """The jobs of a server, kept for an hour after their end.

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
        """Begin a job; the places in the queue that its files hold are given back one by one."""
        self._forget()
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
        """Give up what is not read yet. Raises Problem where all is."""
        if job.ended is not None:
            raise Problem(409, "finished")
        job.cancelled = True
        for future in list(job.futures.values()):
            self._pool.cancel(future)

    async def stop(self) -> None:
        """Wait for the tasks of all jobs, whose requests the pool has cancelled."""
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
            job.tell(None)

    async def _read(self, job: Job, file: JobFile, upload: Upload) -> None:
        def asked(future: "Future[dict[str, Any]]") -> None:
            job.futures[file.index] = future
            if job.cancelled:
                self._pool.cancel(future)

        def started() -> None:
            if file.status == "waiting":
                file.status = "reading"
                job.tell(replace(file))

        try:
            taken = await self._taken(job, upload, Watch(asked, started))
        except Exception as error:
            fault("job_file_failed", error)
            taken = Taken(
                "failed", reasons=(Notice("server_fault", "The server is at fault; send the file again."),)
            )
        finally:
            self._pool.give_back()
            job.futures.pop(file.index, None)
        file.status, file.reading, file.again = taken.status, taken.reading, taken.again
        file.reasons = taken.reasons
        job.tell(file)

    async def _taken(self, job: Job, upload: Upload, watch: Watch) -> Taken:
        for attempt in itertools.count(1):
            try:
                return await self._intake.take(upload, job.person, watch=watch)
            except ArchiveUnavailableError:
                # The reading is kept beside the archive, so trying again costs no second reading.
                if attempt == _RECORD_ATTEMPTS or job.cancelled:
                    raise
                await asyncio.sleep(back_off(attempt, _FIRST_PAUSE, _LONGEST_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    def _forget(self) -> None:
        limit = time.monotonic() - _KEPT_SECONDS
        for job in [job for job in self._jobs.values() if job.ended is not None and job.ended < limit]:
            del self._jobs[job.id]
