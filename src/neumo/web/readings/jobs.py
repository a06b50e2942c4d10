"""Background jobs: several files to read, their progress, events and cancellation."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from neumo.core.back_off import back_off
from neumo.core.logging import event, fault
from neumo.core.reading import Notice
from neumo.records.audit_log import now
from neumo.web.http.problems import Problem
from neumo.web.readings.archives import Archive, ArchiveRefused, Member
from neumo.web.readings.intake import Intake, ProgressCallbacks, UploadResult, own_reason
from neumo.web.readings.own_faults import problem_of, server_fault
from neumo.web.readings.parts import Part
from neumo.web.readings.uploaded_file import Upload
from neumo.worker.reader_pool import ReaderPool

_RETENTION_SECONDS = 3600.0
_ATTEMPTS = 6
_FIRST_PAUSE, _MAX_PAUSE = 1.0, 15.0
"""Seconds between attempts while this server is at fault: its disk is full, or the archive unavailable."""


@dataclass
class JobFile:
    """State of one file of a job."""

    index: int
    name: str
    upload: int
    """Index of the request's part that is the file, or the archive that holds it."""
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
    futures: "dict[int, Future[dict[str, Any]]]" = field(default_factory=dict)
    watchers: "set[asyncio.Queue[JobFile | None]]" = field(default_factory=set)
    _cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def cancelled(self) -> bool:
        """Whether the files that are not read yet are not to be read."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Read no more files."""
        self._cancelled.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond a cancellation."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cancelled.wait(), seconds)

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

    def begin(self, parts: Sequence[Part], places: Sequence[int], person: str) -> Job:
        """Start a job.

        Parameters
        ----------
        parts : sequence of Part
        places : sequence of int
            In the queue, reserved for each part, which frees them when it is done.
        person : str
        """
        self._drop_ended()
        files = list[JobFile]()
        for number, part in enumerate(parts):
            files += _files(part, number, len(files))
        job = Job(secrets.token_hex(16), person, files, now())
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job, parts, places))
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
        job.cancel()
        for future in list(job.futures.values()):
            self._pool.cancel(future)

    async def stop(self) -> None:
        """Cancel all jobs and wait for their tasks; the pool has cancelled their requests."""
        for job in self._jobs.values():
            job.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    async def _run(self, job: Job, parts: Sequence[Part], places: Sequence[int]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for number, (part, reserved) in enumerate(zip(parts, places, strict=True)):
                    files = [file for file in job.files if file.upload == number]
                    group.create_task(self._read_part(job, files, part, reserved))
        finally:
            job.ended = time.monotonic()
            job.notify(None)

    async def _read_part(self, job: Job, files: list[JobFile], part: Part, places: int) -> None:
        at_once = asyncio.Semaphore(places)

        async def read_member(file: JobFile, archive: Archive, member: Member) -> None:
            async with at_once:
                await self._read(job, file, lambda: asyncio.to_thread(archive.unpack, member))

        async def given() -> Upload:
            return part.upload

        try:
            if part.archive is None:
                if files[0].status == "waiting":
                    await self._read(job, files[0], given)
                return
            async with asyncio.TaskGroup() as group:
                for file, member in zip(files, part.archive.members, strict=True):
                    if file.status == "waiting":
                        group.create_task(read_member(file, part.archive, member))
        finally:
            self._pool.give_back(places)
            await asyncio.to_thread(part.discard)

    async def _read(self, job: Job, file: JobFile, take: Callable[[], Awaitable[Upload]]) -> None:
        """Take a file and read it; faults of this server are waited out for a while, and never held against it."""

        def submitted(future: "Future[dict[str, Any]]") -> None:
            job.futures[file.index] = future
            if job.cancelled:
                self._pool.cancel(future)

        def started() -> None:
            if file.status == "waiting":
                file.status = "reading"
                job.notify(replace(file))

        upload: Upload | None = None
        result = UploadResult("cancelled", reasons=(own_reason("cancelled"),))
        progress = ProgressCallbacks(submitted, started)
        try:
            for attempt in itertools.count(1):
                if job.cancelled:
                    break
                try:
                    upload = upload or await take()
                    result = await self._intake.read(upload, job.person, progress=progress)
                    break
                except Exception as error:
                    own = problem_of(error)
                    if own is None or attempt == _ATTEMPTS:
                        raise
                    event("job_file_waits", reason=own.code, attempt=attempt)
                await job.pause(back_off(attempt, _FIRST_PAUSE, _MAX_PAUSE))
        except ArchiveRefused as refused:
            result = UploadResult("failed", reasons=(own_reason(refused.code),))
        except Exception as error:
            fault("job_file_failed", error)
            own = problem_of(error) or server_fault()
            result = UploadResult("failed", reasons=(own_reason(own.code),))
        finally:
            job.futures.pop(file.index, None)
            if upload is not None:
                await asyncio.to_thread(upload.discard)
        _end(job, file, result)

    def _drop_ended(self) -> None:
        limit = time.monotonic() - _RETENTION_SECONDS
        for job in [job for job in self._jobs.values() if job.ended is not None and job.ended < limit]:
            del self._jobs[job.id]


def _files(part: Part, upload: int, first: int) -> list[JobFile]:
    """Return the files of a part, of which the first has the index `first`."""
    if part.archive is None:
        return [_file(first, part.upload.name, upload, part)]
    members = part.archive.members
    return [_file(first + at, member.name, upload, member) for at, member in enumerate(members)]


def _file(index: int, name: str, upload: int, known: Part | Member) -> JobFile:
    if known.skip is not None:
        return JobFile(index, name, upload, "skipped", reasons=(Notice(known.skip.value, known.skip.value),))
    if known.refused:
        return JobFile(index, name, upload, "failed", reasons=(own_reason(known.refused),))
    return JobFile(index, name, upload)


def _end(job: Job, file: JobFile, result: UploadResult) -> None:
    file.status, file.reading, file.again = result.status, result.reading, result.again
    file.reasons = result.reasons
    job.notify(file)
