"""Deletes the files of objects that are read and sent, after a while; that they were there stays known."""

import sqlite3
import threading
import time

from neumo.dicomnode.shared import Shared

_EVERY = 600.0
_DAY = 86_400.0


class Janitor(threading.Thread):
    """Looks every ten minutes.

    Parameters
    ----------
    shared : Shared
    keep_days : float or None
        None keeps everything.
    """

    def __init__(self, shared: Shared, keep_days: float | None) -> None:
        super().__init__(name="neumo-janitor", daemon=True)
        self._queue, self._storage, self._log = shared.queue, shared.storage, shared.log
        self._keep_days = keep_days
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()

    def run(self) -> None:
        """Clean up until told to stop."""
        while not self._stopping.is_set():
            try:
                self.clean()
            except (sqlite3.Error, OSError) as error:
                self._log.fault("janitor_waits", error)
            self._stopping.wait(_EVERY)

    def clean(self) -> int:
        """Delete what is old enough, and return how many objects that were. Raises sqlite3.Error and OSError."""
        if self._keep_days is None:
            return 0
        jobs = self._queue.outdated(time.time() - self._keep_days * _DAY)
        for job in jobs:
            # First the note: files without one are swept at the next start, a note without files would be trusted.
            self._queue.dropped(job)
            self._storage.drop_object(job.path)
            self._storage.drop_results(job.key)
        if jobs:
            self._log.info("cleaned", objects=len(jobs))
        return len(jobs)
