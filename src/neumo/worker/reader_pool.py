"""A pool of readers with a bounded queue: overload is refused at once instead of piling up."""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from neumo.core.errors import ChildError, ChildStartError, NeumoError
from neumo.core.logging import event, fault
from neumo.worker.reader_process import ReaderProcess

_RESTART_PAUSE: Final = 2.0
_URGENT, _IN_TURN, _STOP = 0, 1, 2
"""A person waits for what is rendered; radiographs wait in turn."""


class PoolBusyError(NeumoError):
    """Too many files wait to be read."""


class PoolStoppedError(NeumoError):
    """The pool has been stopped."""


@dataclass(order=True)
class _Task:
    priority: int
    number: int
    request: Mapping[str, str] = field(compare=False)
    started: Callable[[], object] = field(compare=False, default=lambda: None)
    future: "Future[dict[str, Any]]" = field(compare=False, default_factory=Future)


class ReaderPool:
    """Threads that each ask a reader of their own.

    Parameters
    ----------
    processes : sequence of ReaderProcess
    waiting : int
        Files that may wait or be read at once (see `take`).
    """

    def __init__(self, processes: Sequence[ReaderProcess], waiting: int) -> None:
        self._processes, self._waiting = processes, waiting
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._asked: dict[int, ReaderProcess] = {}
        self._taken = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.bundle_digest = ""
        self.options: Mapping[str, Any] = {}

    def start(self) -> None:
        """Start one reader, and the threads that start the others. Raises ChildStartError where it does not start."""
        first = self._processes[0]
        first.start()
        self.bundle_digest, self.options = first.bundle_digest, first.reader_options
        self._threads = [
            threading.Thread(target=self._work, args=[process], name=f"neumo-reader-{number}", daemon=True)
            for number, process in enumerate(self._processes)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Kill the readers and wait for the threads; waiting requests are cancelled."""
        self._stopping.set()
        while True:
            try:
                self._tasks.get_nowait().future.cancel()
            except queue.Empty:
                break
        for process in self._processes:
            process.kill("cancelled")
        for _ in self._threads:
            self._tasks.put(_Task(_STOP, next(self._numbers), {}))
        for thread in self._threads:
            thread.join(10)
        for process in self._processes:
            process.end()

    @property
    def readers(self) -> int:
        """Number of reader processes that run."""
        return sum(process.pid is not None for process in self._processes)

    @property
    def queued(self) -> int:
        """Number of requests that wait for a reader."""
        return self._tasks.qsize()

    def require_room(self) -> None:
        """Raise PoolBusyError where no more files may wait, PoolStoppedError after a stop."""
        if self._stopping.is_set():
            raise PoolStoppedError("the readers were stopped")
        if self._taken >= self._waiting:
            raise PoolBusyError("too many files wait to be read")

    def take(self, files: int) -> None:
        """Reserve places in the queue; `give_back` frees them. Raises as `require_room`."""
        self.require_room()
        with self._lock:
            if self._taken + files > max(self._waiting, files if self._taken == 0 else 0):
                raise PoolBusyError("too many files wait to be read")
            self._taken += files

    def give_back(self, files: int = 1) -> None:
        """Free reserved places in the queue."""
        with self._lock:
            self._taken -= files

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place. Raises as `require_room`."""
        self.take(1)
        try:
            yield
        finally:
            self.give_back()

    def submit(
        self,
        request: Mapping[str, str],
        *,
        urgent: bool = False,
        started: Callable[[], object] = lambda: None,
    ) -> "Future[dict[str, Any]]":
        """Queue a request to a reader.

        Parameters
        ----------
        request : mapping
            What the readers' handler takes.
        urgent : bool
            Before all that are not.
        started : function
            Called, on a thread of the pool, when a reader begins with it.

        Returns
        -------
        Future of dict
            The reader's answer; or it raises ChildError, ChildStartError where no reader starts.
        """
        task = _Task(_URGENT if urgent else _IN_TURN, next(self._numbers), request, started)
        if self._stopping.is_set():
            task.future.cancel()
        else:
            self._tasks.put(task)
        return task.future

    def cancel(self, future: "Future[dict[str, Any]]") -> None:
        """Cancel a request: one that waits is removed, the reader of one that is being read is killed."""
        if future.cancel():
            return
        with self._lock:
            process = self._asked.get(id(future))
            if process is not None:
                process.kill("cancelled")

    def _work(self, process: ReaderProcess) -> None:
        while not self._stopping.is_set():
            if process.pid is None and not self._restarted(process):
                continue
            task = self._tasks.get()
            if task.priority == _STOP or not task.future.set_running_or_notify_cancel():
                continue
            with self._lock:
                process.allow()
                self._asked[id(task.future)] = process
            task.started()
            try:
                answer, _ = process.ask(task.request)
            except Exception as error:
                if isinstance(error, ChildError):
                    event("reader_lost", reason=error.code)
                self._forget(task)
                task.future.set_exception(error)
            else:
                self._forget(task)
                task.future.set_result(answer)

    def _forget(self, task: _Task) -> None:
        # Before the result is told: a late cancellation must not kill the reader over the next file.
        with self._lock:
            del self._asked[id(task.future)]

    def _restarted(self, process: ReaderProcess) -> bool:
        try:
            process.start()
        except ChildStartError as error:
            fault("reader_not_started", error)
            self._stopping.wait(_RESTART_PAUSE)
            return False
        return True
