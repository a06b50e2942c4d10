"""Intake: an uploaded file becomes a recorded reading; identical bytes are read only once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.core.errors import ChildError, ChildStartError
from neumo.core.faults import lacks_memory
from neumo.core.logging import fault
from neumo.core.reading import Notice, notices_from_json
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
            answer = await self._answer(self._submit(request, progress))
            if isinstance(answer, UploadResult):
                return answer
            found = ReadingFile.from_json(answer["content"])
            file = FinishedFile(Path(answer["temporary"]), path)
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

    async def _answer(self, future: "Future[dict[str, Any]]") -> UploadResult | dict[str, Any]:
        """Return the reader process's answer, or the outcome of a file without a reading."""
        try:
            answer = await asyncio.shield(asyncio.wrap_future(future))
        except ChildStartError as error:
            fault("no_reader", error)
            raise server_fault() from error
        except ChildError as error:
            if error.code == "killed" or (error.code == "out_of_memory" and lacks_memory(self.memory_bytes)):
                raise server_fault() from error
            status = "cancelled" if error.code == "cancelled" else "failed"
            return UploadResult(status, reasons=(own_reason(error.code),))
        except (CancelledError, asyncio.CancelledError):
            if not future.cancelled():
                raise
            return UploadResult("cancelled", reasons=(own_reason("cancelled"),))
        if answer.get("own"):
            raise Problem(507, "disk_full") if answer["own"] == "disk_full" else server_fault()
        if "error" in answer:
            return UploadResult("failed", reasons=(own_reason("crash"),))
        if answer["status"] != "failed":
            return answer
        codes = {reason["code"] for reason in answer["reasons"]}
        # The file lies in the server's own folder.
        if "unreadable_file" in codes or ("out_of_memory" in codes and lacks_memory(self.memory_bytes)):
            raise server_fault()
        return UploadResult("failed", reasons=notices_from_json(answer["reasons"]))


def own_reason(code: str) -> Notice:
    """Return a reason that the server gives, rather than the reader."""
    return Notice(code, texts("en")(f"errors.{code}"))
