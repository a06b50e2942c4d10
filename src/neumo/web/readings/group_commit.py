"""Group commit: finished readings are synced to disk (fsync) and recorded in batches, before the response."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from neumo.core.errors import ArchiveUnavailableError
from neumo.records.reading_file import ReadingFile
from neumo.records.store import Entry, Recorded, record_all
from neumo.web.http.problems import Problem, own_problem
from neumo.web.readings.file_sync import FileSync, FinishedFile
from neumo.web.readings.uploaded_file import Upload

SOURCE: Final = "web"
_GATHER_SECONDS: Final = 0.02
"""Seconds that a batch waits for more readings while files queue."""
_MAX_BATCH: Final = 32
"""Readings in one transaction."""


@dataclass(frozen=True, slots=True)
class FinishedReading:
    """A reading to be recorded.

    Attributes
    ----------
    content : ReadingFile
    file : FinishedFile or None
        Its reading file as the reader process wrote it; None where the file exists already.
    upload : Upload
        Deleted as soon as its reading file is durable.
    actor : str
        Who uploaded it.
    shown_to : str or None
        Who is shown the answer at once.
    """

    content: ReadingFile
    file: FinishedFile | None
    upload: Upload
    actor: str
    shown_to: str | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    reading: FinishedReading
    future: "asyncio.Future[Recorded]"


class GroupCommit:
    """Records finished readings in batches; to be used on the server's event loop.

    Parameters
    ----------
    archive : Engine
    queue : function
        Return how many files wait for a reader.
    """

    def __init__(self, archive: Engine, queue: Callable[[], int]) -> None:
        self._archive, self._queue = archive, queue
        self._files = FileSync()
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Stop its threads, once nothing is left to record."""
        self._files.close()

    async def record(self, reading: FinishedReading) -> Recorded:
        """Record a reading, and return once its file and its record are on disk.

        Raises
        ------
        Problem
            The disk is full, or fails otherwise.
        ArchiveError
        ArchiveUnavailableError
            Its file is on disk; recording it may be tried again.
        """
        waiting = _Waiting(reading, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        return await waiting.future

    async def _write(self) -> None:
        """Record batches until nothing waits; a cancelled caller does not affect the others."""
        try:
            while self._waiting:
                if self._queue() > 0:
                    await asyncio.sleep(_GATHER_SECONDS)
                batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
                readings = [one.reading for one in batch]
                try:
                    outcomes = await asyncio.to_thread(self._commit, readings)
                except Exception as error:
                    outcomes = [error] * len(batch)
                for one, outcome in zip(batch, outcomes, strict=True):
                    _resolve(one.future, outcome)
        finally:
            self._task = None

    def _commit(self, batch: Sequence[FinishedReading]) -> list[Recorded | Exception]:
        outcomes: list[Recorded | Exception | None] = [None] * len(batch)
        new = [(index, one.file) for index, one in enumerate(batch) if one.file is not None]
        faults = self._files.publish([file for _, file in new])
        for (index, _), fault in zip(new, faults, strict=True):
            outcomes[index] = None if fault is None else _own_problem(fault)
        durable = [index for index, outcome in enumerate(outcomes) if outcome is None]
        recorded = self._record([_entry(batch[index]) for index in durable])
        for index, outcome in zip(durable, recorded, strict=True):
            outcomes[index] = outcome
            batch[index].upload.discard()
        return [outcome for outcome in outcomes if outcome is not None]

    def _record(self, entries: Sequence[Entry]) -> Sequence[Recorded | Exception]:
        if not entries:
            return ()
        try:
            return record_all(self._archive, entries)
        except ArchiveUnavailableError as error:
            return [error] * len(entries)
        except Exception as error:
            if len(entries) == 1:
                return [error]
            # One that cannot be recorded must not cost the others their record.
            return [outcome for entry in entries for outcome in self._record([entry])]


def _own_problem(fault: OSError) -> Problem:
    problem = own_problem(fault)
    problem.__cause__ = fault
    return problem


def _entry(reading: FinishedReading) -> Entry:
    content = reading.content
    return Entry(
        content.reading.to_json(), SOURCE, reading.actor, shown_to=reading.shown_to, patient=content.patient
    )


def _resolve(future: "asyncio.Future[Recorded]", outcome: Recorded | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
