"""One uploaded file to a reading on record: read once in effect, whoever sends it and how often."""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from neumo.archive.audit_log import now
from neumo.archive.store import record
from neumo.core.errors import NodeError
from neumo.core.reading import Notice
from neumo.web.kept import KeptReadings, kept_reading
from neumo.web.logs import fault
from neumo.web.pool import Pool
from neumo.web.problems import Problem
from neumo.web.reading_process import ReaderGone
from neumo.web.uploads import Upload
from neumo.web.worklist import recorded_at

SOURCE = "web"
_ENGLISH = {
    "crash": "The file ended the program that read it.",
    "timeout": "Reading took too long and was stopped.",
    "cancelled": "Reading was cancelled.",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file.

    Attributes
    ----------
    status : str
        "read", "refused", "failed" or "cancelled".
    reading : int or None
        Its number in the archive.
    again : bool
        Whether these bytes had been read before.
    reasons : tuple of Notice
        Why it was refused, failed or cancelled.
    """

    status: str
    reading: int | None = None
    again: bool = False
    reasons: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """What somebody wants to know while a file is taken.

    Attributes
    ----------
    asked : function of Future
        Is given what `Pool.cancel` takes.
    started : function
        Called on the event loop when a reader begins with the file.
    """

    asked: Callable[["Future[dict[str, Any]]"], None]
    started: Callable[[], None]


@dataclass(frozen=True)
class Intake:
    """What reading an upload needs."""

    archive: Engine
    kept: KeptReadings
    pool: Pool

    async def take(self, upload: Upload, actor: str, watch: Watch | None = None) -> Taken:
        """Have an upload read and put on record; the upload is deleted, whatever happens.

        Parameters
        ----------
        upload : Upload
        actor : str
            Who sent it.
        watch : Watch, optional

        Raises
        ------
        Problem
            The readers or the server's disk are at fault, rather than the file.
        ArchiveUnavailableError
        """
        try:
            return await self._taken(upload, actor, watch)
        finally:
            await asyncio.to_thread(upload.discard)

    async def _taken(self, upload: Upload, actor: str, watch: Watch | None) -> Taken:
        began = now()
        folder = self.kept.place(upload.sha256, self.pool.bundle_digest, self.pool.options)
        again = await asyncio.to_thread(kept_reading, folder)
        if again is None:
            request = {"do": "read", "source": str(upload.path), "target": str(folder), "name": upload.name}
            failure = await _answer(self._submitted(request, watch))
            if failure is not None:
                return failure
        reading = again or await asyncio.to_thread(kept_reading, folder)
        if reading is None:
            raise Problem(503, "busy", retry_after=1)  # retention took it within the same second
        number = await asyncio.to_thread(record, self.archive, reading, source=SOURCE, actor=actor)
        before = await asyncio.to_thread(recorded_at, self.archive, number)
        return Taken(reading.status.value, number, before < began, reading.reasons)

    def _submitted(self, request: dict[str, str], watch: Watch | None) -> "Future[dict[str, Any]]":
        if watch is None:
            return self.pool.submit(request)
        loop = asyncio.get_running_loop()
        future = self.pool.submit(request, started=lambda: loop.call_soon_threadsafe(watch.started))
        watch.asked(future)
        return future


async def _answer(future: "Future[dict[str, Any]]") -> Taken | None:
    """Return what became of a file that gave no reading; None where it gave one."""
    try:
        answer = await asyncio.shield(asyncio.wrap_future(future))
    except ReaderGone as error:
        status = "cancelled" if error.code == "cancelled" else "failed"
        return Taken(status, reasons=(Notice(error.code, _ENGLISH[error.code]),))
    except (CancelledError, asyncio.CancelledError):
        if not future.cancelled():
            raise
        return Taken("cancelled", reasons=(Notice("cancelled", _ENGLISH["cancelled"]),))
    except NodeError as error:
        fault("no_reader", error)
        raise Problem(503, "busy", retry_after=10) from error
    if answer.get("error") == "OSError":
        raise Problem(507, "disk_full")
    if answer.get("error") == "MemoryError":
        return Taken("failed", reasons=(Notice("too_large", "The image does not fit into memory."),))
    if "error" in answer:
        return Taken("failed", reasons=(Notice("crash", _ENGLISH["crash"]),))
    if answer["status"] == "failed":
        return Taken("failed", reasons=tuple(Notice(**reason) for reason in answer["reasons"]))
    return None
