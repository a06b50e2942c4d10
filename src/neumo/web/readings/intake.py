"""One uploaded file to a reading on record: read once in effect, whoever sends it and how often."""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.core.errors import ChildError, ChildStartError
from neumo.core.logging import fault
from neumo.core.reading import Notice, notices_from_json
from neumo.records.audit_log import now
from neumo.records.store import Recorded
from neumo.texts.catalogue import texts
from neumo.web.http.problems import Problem
from neumo.web.readings.file_sync import FinishedFile
from neumo.web.readings.group_commit import FinishedReading, GroupCommit
from neumo.web.readings.reading_file import Kept, KeptReadings, kept
from neumo.web.readings.uploads import Upload
from neumo.worker.reader_pool import ReaderPool


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file.

    Attributes
    ----------
    status : str
        "read", "refused", "failed" or "cancelled".
    recorded : Recorded or None
        Its reading in the archive.
    kept : Kept or None
        What is kept of it.
    again : bool
        Whether these bytes had been read before.
    reasons : tuple of Notice
        Why it was refused, failed or cancelled.
    """

    status: str
    recorded: Recorded | None = None
    kept: Kept | None = None
    again: bool = False
    reasons: tuple[Notice, ...] = ()

    @property
    def reading(self) -> int | None:
        """Number of its reading; None where it gave none."""
        return None if self.recorded is None else self.recorded.id


@dataclass(frozen=True, slots=True)
class Watch:
    """What somebody wants to know while a file is taken.

    Attributes
    ----------
    asked : function of Future
        Is given what `ReaderPool.cancel` takes.
    started : function
        Called on the event loop when a reader begins with the file.
    """

    asked: Callable[["Future[dict[str, Any]]"], None]
    started: Callable[[], None]


@dataclass(frozen=True)
class Intake:
    """What reading an upload needs."""

    kept: KeptReadings
    pool: ReaderPool
    group_commit: GroupCommit

    async def take(
        self, upload: Upload, actor: str, *, watch: Watch | None = None, shown_to: str | None = None
    ) -> Taken:
        """Have an upload read and put on record; the upload is deleted, whatever happens.

        Parameters
        ----------
        upload : Upload
        actor : str
            Who sent it.
        watch : Watch, optional
        shown_to : str, optional
            Who is shown the answer at once; where the reading is new, that is kept with it.

        Raises
        ------
        Problem
            The readers or the server's disk are at fault, rather than the file.
        ArchiveUnavailableError
        """
        try:
            return await self._taken(upload, actor, watch, shown_to)
        finally:
            upload.discard()

    async def _taken(self, upload: Upload, actor: str, watch: Watch | None, shown_to: str | None) -> Taken:
        began = now()
        place = self.kept.place(upload.sha256, self.pool.bundle_digest, self.pool.options)
        found, file = None, None
        if place.exists():
            found = await asyncio.to_thread(kept, place)
        if found is None:
            request = {"do": "read", "source": str(upload.path), "target": str(place), "name": upload.name}
            answer = await _answer(self._submitted(request, watch))
            if isinstance(answer, Taken):
                return answer
            found = Kept.from_json(answer["kept"])
            file = FinishedFile(Path(answer["temporary"]), place)
        recorded = await self.group_commit.record(FinishedReading(found, file, upload, actor, shown_to))
        reading = found.reading
        return Taken(reading.status.value, recorded, found, recorded.recorded_at < began, reading.reasons)

    def _submitted(self, request: dict[str, str], watch: Watch | None) -> "Future[dict[str, Any]]":
        if watch is None:
            return self.pool.submit(request)
        loop = asyncio.get_running_loop()
        future = self.pool.submit(request, started=lambda: loop.call_soon_threadsafe(watch.started))
        watch.asked(future)
        return future


async def _answer(future: "Future[dict[str, Any]]") -> Taken | dict[str, Any]:
    """Return a reader's answer with a reading, or what became of a file that gave none."""
    try:
        answer = await asyncio.shield(asyncio.wrap_future(future))
    except ChildStartError as error:
        fault("no_reader", error)
        raise Problem(503, "busy", retry_after=10) from error
    except ChildError as error:
        status = "cancelled" if error.code == "cancelled" else "failed"
        return Taken(status, reasons=(_notice(error.code),))
    except (CancelledError, asyncio.CancelledError):
        if not future.cancelled():
            raise
        return Taken("cancelled", reasons=(_notice("cancelled"),))
    if answer.get("error") == "OSError":
        raise Problem(507, "disk_full")
    if "error" in answer:
        return Taken("failed", reasons=(_notice("crash"),))
    if answer["status"] == "failed":
        return Taken("failed", reasons=notices_from_json(answer["reasons"]))
    return answer


def _notice(code: str) -> Notice:
    return Notice(code, texts("en")(f"errors.{code}"))
