"""Intake: an uploaded file becomes a recorded reading; identical bytes are read only once.

A file that is meant as a radiograph and cannot be read is recorded, too, as a failed reading, so that a person can
decide on it. Of what is no radiograph by its name and first bytes, nothing is recorded.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.core.answer import Answer
from neumo.core.errors import ChildError, ChildStartError
from neumo.core.faults import lacks_memory
from neumo.core.logging import fault
from neumo.core.lost_file import LOST, OUT_OF_MEMORY, unexpected_error
from neumo.core.reading import Notice, Reading, Status
from neumo.imaging.image_files import skip_of
from neumo.records.reading_file import ReadingFile, ReadingFiles, load_reading_file
from neumo.records.store import Recorded
from neumo.texts.catalogue import texts
from neumo.web.http.problems import Problem
from neumo.web.readings.file_sync import FinishedFile
from neumo.web.readings.group_commit import FinishedReading, GroupCommit
from neumo.web.readings.own_faults import server_fault
from neumo.web.readings.uploaded_file import Upload
from neumo.worker.reader_pool import ReaderPool


@dataclass(frozen=True, slots=True)
class UploadResult:
    """Outcome of an upload.

    Attributes
    ----------
    status : str
        "read", "refused", "failed" or "cancelled".
    recorded : Recorded or None
        Its record in the archive.
    content : ReadingFile or None
        What its stored file states.
    again : bool
        Whether these bytes had been read before.
    reasons : tuple of Notice
        Why it was refused, failed or cancelled.
    """

    status: str
    recorded: Recorded | None = None
    content: ReadingFile | None = None
    again: bool = False
    reasons: tuple[Notice, ...] = ()

    @property
    def answer(self) -> Answer | None:
        """Answer of its reading; None where the reading has none, or there is no reading."""
        return None if self.content is None else self.content.reading.answer

    @property
    def reading(self) -> int | None:
        """Number of its reading; None where it gave none."""
        return None if self.recorded is None else self.recorded.id


@dataclass(frozen=True, slots=True)
class ProgressCallbacks:
    """Callbacks while a file is read.

    Attributes
    ----------
    submitted : function of Future
        Called with what `ReaderPool.cancel` takes.
    started : function
        Called on the event loop when a reader begins with the file.
    """

    submitted: Callable[["Future[dict[str, Any]]"], None]
    started: Callable[[], None]


@dataclass(frozen=True)
class Intake:
    """Reads uploads: reading files, reader pool and group commit."""

    reading_files: ReadingFiles
    pool: ReaderPool
    group_commit: GroupCommit
    memory_bytes: int = 512 * 2**20
    """Memory that a reader may take, in bytes: where the machine has less, a file is not blamed for the lack."""

    async def read(
        self,
        upload: Upload,
        actor: str,
        *,
        progress: ProgressCallbacks | None = None,
        shown_to: str | None = None,
        override: str | None = None,
    ) -> UploadResult:
        """Read and record an upload; its file is deleted once it is on record, and else left to the caller.

        Parameters
        ----------
        upload : Upload
        actor : str
            Who uploaded it.
        progress : ProgressCallbacks, optional
        shown_to : str, optional
            Who is shown the answer at once; where the reading is new, that is recorded with it.
        override : str, optional
            Reason for which `actor` overrides the age range.

        Raises
        ------
        Problem
            The reader processes or the disk failed, rather than the file.
        ArchiveUnavailableError
        """
        options = {**self.pool.options, **({} if override is None else {"allow_outside_range": True})}
        path = self.reading_files.path(upload.sha256, self.pool.bundle_digest, options)
        found, file = None, None
        if path.exists():
            found = await asyncio.to_thread(load_reading_file, path)
        if found is None:
            request = {"do": "read", "source": str(upload.path), "target": str(path), "name": upload.name}
            if override is not None:
                request |= {"reason": override, "by": actor}
            made = await self._made(upload, request, progress)
            if isinstance(made, UploadResult):
                return made
            found, file = made
        recorded = await self.group_commit.record(FinishedReading(found, file, upload, actor, shown_to))
        reading = found.reading
        return UploadResult(reading.status.value, recorded, found, recorded.body is None, reading.reasons)

    def _submit(
        self, request: dict[str, str], progress: ProgressCallbacks | None
    ) -> "Future[dict[str, Any]]":
        if progress is None:
            return self.pool.submit(request)
        loop = asyncio.get_running_loop()
        future = self.pool.submit(request, started=lambda: loop.call_soon_threadsafe(progress.started))
        progress.submitted(future)
        return future

    async def _made(
        self, upload: Upload, request: dict[str, str], progress: ProgressCallbacks | None
    ) -> tuple[ReadingFile, FinishedFile] | UploadResult:
        """Return a reading and its file; or the outcome of an upload that gives none, cancelled or no radiograph."""
        answer = await self._answer(self._submit(request, progress))
        if isinstance(answer, Notice) and _is_meant(upload):
            answer = await self._answer(self.pool.submit(_lost_request(upload, request, answer), urgent=True))
            if isinstance(answer, Notice):  # nothing of the file was opened
                raise server_fault()
        if answer is None:
            return UploadResult("cancelled", reasons=(own_reason("cancelled"),))
        if isinstance(answer, Notice):
            return UploadResult("failed", reasons=(answer,))
        found, temporary = ReadingFile.from_json(answer["content"]), Path(answer["temporary"])
        if found.reading.status is not Status.FAILED:
            return found, FinishedFile(temporary, Path(request["target"]))
        target = self.reading_files.path_of(found.reading.to_json())
        own = self._is_own_fault(found.reading)
        if not own and target is not None and _is_meant(upload):
            return found, FinishedFile(temporary, target)
        await asyncio.to_thread(temporary.unlink, missing_ok=True)
        if own:
            raise server_fault()
        return UploadResult("failed", reasons=found.reading.reasons)

    async def _answer(self, future: "Future[dict[str, Any]]") -> dict[str, Any] | Notice | None:
        """Return the reader process's answer; why it was lost over the file; or None where that was cancelled."""
        try:
            answer = await asyncio.shield(asyncio.wrap_future(future))
        except ChildStartError as error:
            fault("no_reader", error)
            raise server_fault() from error
        except ChildError as error:
            if error.code == "cancelled":
                return None
            lost = LOST.get(error.code)
            if lost is None or (lost is OUT_OF_MEMORY and lacks_memory(self.memory_bytes)):
                raise server_fault() from error
            return lost
        except (CancelledError, asyncio.CancelledError):
            if not future.cancelled():
                raise
            return None
        if answer.get("own"):
            raise Problem(507, "disk_full") if answer["own"] == "disk_full" else server_fault()
        return unexpected_error(answer["error"], answer["where"]) if "error" in answer else answer

    def _is_own_fault(self, reading: Reading) -> bool:
        """Whether this machine is at fault for a failure: the file lies in the server's own folder."""
        codes = {reason.code for reason in reading.reasons}
        return "unreadable_file" in codes or (OUT_OF_MEMORY.code in codes and lacks_memory(self.memory_bytes))


def _lost_request(upload: Upload, request: Mapping[str, str], lost: Notice) -> dict[str, Any]:
    """Return the request "fail": another reader process writes the failed reading, without opening the file."""
    size = upload.path.stat().st_size
    known = {"name": upload.name, "sha256": upload.sha256, "size": size, "failed": lost.to_json()}
    return {"do": "fail", "target": request["target"], **known}


def _is_meant(upload: Upload) -> bool:
    """Whether an upload is meant as a radiograph, by its name or its first bytes."""
    return skip_of(upload.name, upload.head) is None


def own_reason(code: str) -> Notice:
    """Return a reason that the server gives, rather than the reader."""
    return Notice(code, texts("en")(f"errors.{code}"))
