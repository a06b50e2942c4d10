"""Readings on their way onto the disk and the record: those that come together wait for the disk together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from neumo.core.errors import ArchiveUnavailableError
from neumo.records.group_recording import Entry, Recorded, record_together
from neumo.web.http.problems import Problem
from neumo.web.readings.group_commit import LaidOut, Settling
from neumo.web.readings.reading_file import Kept
from neumo.web.readings.uploads import Upload

SOURCE: Final = "web"
_GATHERING: Final = 0.02
"""Seconds for which readings wait for company while files queue, so that no reader idles meanwhile."""
_TOGETHER: Final = 32
"""Readings of one transaction at most."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A reading to be put on record.

    Attributes
    ----------
    kept : Kept
    laid_out : LaidOut or None
        What a reader wrote of it; None where all of it is kept already.
    upload : Upload
        Deleted as soon as its reading is durable.
    actor : str
        Who sent it.
    shown_to : str or None
        Who is shown the answer at once.
    """

    kept: Kept
    laid_out: LaidOut | None
    upload: Upload
    actor: str
    shown_to: str | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    finished: Finished
    future: "asyncio.Future[Recorded]"


class Recorder:
    """Puts readings on record; it belongs to the server's event loop.

    Parameters
    ----------
    archive : Engine
    queue : function
        Return how many files wait for a reader.
    """

    def __init__(self, archive: Engine, queue: Callable[[], int]) -> None:
        self._archive, self._queue = archive, queue
        self._settling = Settling()
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    def close(self) -> None:
        """End its threads, once nothing is to be recorded any more."""
        self._settling.close()

    async def record(self, finished: Finished) -> Recorded:
        """Return when pixels and record are on the disk.

        Raises
        ------
        Problem
            The disk is full.
        ArchiveError
        ArchiveUnavailableError
            The reading is kept; recording it may be tried again.
        """
        waiting = _Waiting(finished, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        return await waiting.future

    async def _write(self) -> None:
        """Record what waits until nothing does; whoever gives up waiting stops nobody."""
        try:
            while self._waiting:
                if self._queue() > 0:
                    await asyncio.sleep(_GATHERING)
                batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
                finished = [one.finished for one in batch]
                try:
                    outcomes = await asyncio.to_thread(self._recorded, finished)
                except Exception as error:
                    outcomes = [error] * len(batch)
                for one, outcome in zip(batch, outcomes, strict=True):
                    _tell(one.future, outcome)
        finally:
            self._task = None

    def _recorded(self, batch: Sequence[Finished]) -> list[Recorded | Exception]:
        outcomes: list[Recorded | Exception | None] = [None] * len(batch)
        new = [(index, one.laid_out) for index, one in enumerate(batch) if one.laid_out is not None]
        faults = self._settling.settle([laid_out for _, laid_out in new])
        for (index, _), fault in zip(new, faults, strict=True):
            outcomes[index] = None if fault is None else _disk_full(fault)
        durable = [index for index, outcome in enumerate(outcomes) if outcome is None]
        recorded = self._on_record([_entry(batch[index]) for index in durable])
        for index, outcome in zip(durable, recorded, strict=True):
            outcomes[index] = outcome
        for one in batch:
            one.upload.discard()
        return [outcome for outcome in outcomes if outcome is not None]

    def _on_record(self, entries: Sequence[Entry]) -> Sequence[Recorded | Exception]:
        if not entries:
            return ()
        try:
            return record_together(self._archive, entries)
        except ArchiveUnavailableError as error:
            return [error] * len(entries)
        except Exception as error:
            if len(entries) == 1:
                return [error]
            # One that cannot be kept must not cost the others their record.
            return [outcome for entry in entries for outcome in self._on_record([entry])]


def _disk_full(fault: OSError) -> Problem:
    problem = Problem(507, "disk_full")
    problem.__cause__ = fault
    return problem


def _entry(finished: Finished) -> Entry:
    return Entry(finished.kept.reading.to_json(), SOURCE, finished.actor, shown_to=finished.shown_to)


def _tell(future: "asyncio.Future[Recorded]", outcome: Recorded | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
