"""Live worklists: tells open pages which readings changed, with one look at the archive a second for all of them."""

import asyncio
from contextlib import suppress
from typing import Final
from weakref import WeakSet

from sqlalchemy import Engine

from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.records.changes import Changes, changes_since, newest_sequence
from neumo.web.http.problems import Problem

_INTERVAL: Final = 1.0
"""Seconds between looks, while anybody listens."""
_MAX_OF_PERSON: Final = 16
_MAX_PENDING: Final = 1000
"""Readings that a slow listener has still to be told of; beyond them everything is outdated to it."""
_RETRY_SECONDS: Final = 30


class Listener:
    """One open page; it gathers changes until they are taken."""

    def __init__(self, person: str, sequence: int) -> None:
        self.person, self._sequence = person, sequence
        self._pending: set[int] = set()
        self._complete = True
        self._woken = asyncio.Event()

    def tell(self, changes: Changes) -> None:
        """Add changes."""
        self._sequence = max(self._sequence, changes.sequence)
        self._pending |= changes.readings
        if not changes.complete or len(self._pending) > _MAX_PENDING:
            self._pending.clear()
            self._complete = False
        if self._pending or not self._complete:
            self._woken.set()

    def wake(self) -> None:
        """Let `next` return."""
        self._woken.set()

    async def next(self, quiet: float) -> Changes:
        """Return the changes since the last call, as soon as there are some; none after `quiet` seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), quiet)
        changes = Changes(self._sequence, frozenset(self._pending), self._complete)
        self._pending.clear()
        self._complete = True
        self._woken.clear()
        return changes


class LiveWorklist:
    """The open pages of a server; to be used on its event loop.

    Parameters
    ----------
    archive : Engine
    limit : int
        Open pages at once.
    """

    def __init__(self, archive: Engine, limit: int) -> None:
        self._archive, self._limit = archive, limit
        self._listeners: WeakSet[Listener] = WeakSet()
        """Without whoever was forgotten: a page that left before its stream began is not counted."""
        self._task: asyncio.Task[None] | None = None
        self._sequence = 0
        self.stopped = False

    async def join(self, person: str, after: int | None) -> Listener:
        """Begin to listen, after a place in the log or from now on; the listener is gone when nothing refers to it.

        Raises
        ------
        Problem
            Too many pages are open.
        ArchiveUnavailableError
        """
        own = sum(listener.person == person for listener in self._listeners)
        if self.stopped or len(self._listeners) >= self._limit or own >= _MAX_OF_PERSON:
            raise Problem(503, "overloaded", retry_after=_RETRY_SECONDS)
        newest = await asyncio.to_thread(newest_sequence, self._archive)
        listener = Listener(person, newest)
        if self._task is None:
            self._sequence = newest
        self._listeners.add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        if after is not None and after < newest:
            listener.tell(await asyncio.to_thread(changes_since, self._archive, after))
        return listener

    def leave(self, listener: Listener) -> None:
        """End listening."""
        self._listeners.discard(listener)

    def stop(self) -> None:
        """End all streams soon: the server stops."""
        self.stopped = True
        for listener in list(self._listeners):
            listener.wake()

    async def _watch(self) -> None:
        try:
            while self._listeners and not self.stopped:
                await asyncio.sleep(_INTERVAL)
                try:
                    changes = await asyncio.to_thread(changes_since, self._archive, self._sequence)
                except (ArchiveUnavailableError, ArchiveError):
                    continue  # the streams stay open, and go on from the same place
                self._sequence = changes.sequence
                for listener in list(self._listeners):
                    listener.tell(changes)
        finally:
            self._task = None
