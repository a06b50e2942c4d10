"""Retention: deletes files of objects that were read and delivered `keep_days` ago, and radiographs of a workbench."""

import threading
import time
from collections.abc import Callable

from neumo.core.clock import ClockWatch
from neumo.dicomnode.ops.node_log import NodeLog
from neumo.dicomnode.store.data_folder import DataFolder
from neumo.dicomnode.store.queue import Queue

_INTERVAL_SECONDS = 600.0
_DAY_SECONDS = 86_400.0


class Retention(threading.Thread):
    """Thread that purges expired files every ten minutes.

    Parameters
    ----------
    queue : Queue
    folder : DataFolder
    log : NodeLog
    keep_days : float or None
        None keeps everything.
    radiographs : function, optional
        Delete the radiographs of a workbench that are due, and return how many. May raise OSError.
    """

    def __init__(
        self,
        queue: Queue,
        folder: DataFolder,
        log: NodeLog,
        keep_days: float | None,
        radiographs: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(name="neumo-retention", daemon=True)
        self._queue, self._folder, self._log = queue, folder, log
        self._keep_days, self._radiographs = keep_days, radiographs
        self._clock = ClockWatch(queue.newest())
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()

    def run(self) -> None:
        """Purge until told to stop."""
        while not self._stopping.is_set():
            try:
                self.purge()
                deleted = 0 if self._radiographs is None else self._radiographs()
                if deleted:
                    self._log.info("cleaned", radiographs=deleted)
            except Exception as error:  # whatever is at fault passes
                self._log.fault("retention_waits", error)
            self._stopping.wait(_INTERVAL_SECONDS)

    def purge(self) -> int:
        """Delete the files of expired objects, and return of how many. Raises sqlite3.Error and OSError."""
        if self._keep_days is None:
            return 0
        if self._clock.jumped():  # ages are not to be believed before a start with a clock that is right
            self._log.warning("clock_jumped", reason="nothing is deleted until the node is started again")
            return 0
        if not self._clock.believed():
            self._log.warning("clock_doubtful", reason="nothing is deleted on this first day")
            return 0
        jobs = self._queue.expired(time.time() - self._keep_days * _DAY_SECONDS)
        for job in jobs:
            # The entry first: files without one are swept at the next start; an entry must not name missing files.
            self._queue.forget_files(job)
            self._folder.delete_object(job.path)
            self._folder.delete_results(job.key)
        if jobs:
            self._log.info("cleaned", objects=len(jobs))
        return len(jobs)
