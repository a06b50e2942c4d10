"""A few readers and the queue before them: bounded, so that overload is told at once instead of piling up."""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from neumo.core.errors import NodeError
from neumo.core.logging import event, fault
from neumo.web.config import ReadConfig
from neumo.web.http.problems import Problem
from neumo.web.reading_process import ReaderGone, ReadingProcess

_RETRY_SECONDS = 3
_RESTART_PAUSE = 2.0
_SOON, _IN_TURN, _STOP = 0, 1, 2
"""A person waits for what is rendered; radiographs wait in turn."""


@dataclass(order=True)
class _Task:
    priority: int
    number: int
    request: Mapping[str, str] = field(compare=False)
    started: Callable[[], object] = field(compare=False, default=lambda: None)
    future: "Future[dict[str, Any]]" = field(compare=False, default_factory=Future)


class Pool:
    """Threads that each ask a reader of their own.

    Parameters
    ----------
    config : ReadConfig
    waiting : int
        Files that may be on their way at once (see `places`).
    """

    def __init__(self, config: ReadConfig, waiting: int) -> None:
        self._config, self._waiting = config, waiting
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._processes = [ReadingProcess(config) for _ in range(config.processes)]
        self._asked: dict[int, ReadingProcess] = {}
        self._taken = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.bundle_digest = ""
        self.options: Mapping[str, Any] = {}

    def start(self) -> None:
        """Start one reader, to know that they can be, and the threads that start the others. Raises NodeError."""
        first = self._processes[0]
        first.start()
        self.bundle_digest, self.options = str(first.ready["bundle"]), first.ready["options"]
        self._threads = [
            threading.Thread(target=self._work, args=[process], name=f"neumo-reader-{number}", daemon=True)
            for number, process in enumerate(self._processes)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Kill the readers and wait for the threads; what waits is cancelled."""
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
        """How many readers are there."""
        return sum(process.pid is not None for process in self._processes)

    @property
    def pids(self) -> tuple[int, ...]:
        """Numbers of the readers' processes."""
        return tuple(process.pid for process in self._processes if process.pid is not None)

    @property
    def queued(self) -> int:
        """How many requests wait for a reader."""
        return self._tasks.qsize()

    def require_room(self) -> None:
        """Raise Problem where nothing more may wait."""
        if self._stopping.is_set():
            raise Problem(503, "stopping", retry_after=_RETRY_SECONDS)
        if self._taken >= self._waiting:
            raise Problem(503, "busy", retry_after=_RETRY_SECONDS)

    def take(self, files: int) -> None:
        """Take places in the queue; `give_back` them. Raises Problem where there are not so many."""
        self.require_room()
        with self._lock:
            if self._taken + files > max(self._waiting, files if self._taken == 0 else 0):
                raise Problem(503, "busy", retry_after=_RETRY_SECONDS)
            self._taken += files

    def give_back(self, files: int = 1) -> None:
        """Give places in the queue back."""
        with self._lock:
            self._taken -= files

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place. Raises Problem."""
        self.take(1)
        try:
            yield
        finally:
            self.give_back()

    def submit(
        self,
        request: Mapping[str, str],
        *,
        soon: bool = False,
        started: Callable[[], object] = lambda: None,
    ) -> "Future[dict[str, Any]]":
        """Queue a request to a reader.

        Parameters
        ----------
        request : mapping
            What `neumo.web.reading_child` takes.
        soon : bool
            Before all radiographs.
        started : function
            Called, on a thread of the pool, when a reader begins with it.

        Returns
        -------
        Future of dict
            The reader's answer; or it raises ReaderGone, or NodeError where no reader starts.
        """
        task = _Task(_SOON if soon else _IN_TURN, next(self._numbers), request, started)
        if self._stopping.is_set():
            task.future.cancel()
        else:
            self._tasks.put(task)
        return task.future

    def cancel(self, future: "Future[dict[str, Any]]") -> None:
        """Give a request up: what waits is taken out, what is being read is killed."""
        if future.cancel():
            return
        with self._lock:
            process = self._asked.get(id(future))
            if process is not None:
                process.kill("cancelled")

    def _work(self, process: ReadingProcess) -> None:
        while not self._stopping.is_set():
            if process.pid is None and not self._restarted(process):
                continue
            task = self._tasks.get()
            if task.priority == _STOP or not task.future.set_running_or_notify_cancel():
                continue
            with self._lock:
                self._asked[id(task.future)] = process
            task.started()
            try:
                answer = process.ask(task.request)
            except ReaderGone as error:
                event("reader_gone", reason=error.code)
                self._forget(task)
                task.future.set_exception(error)
            except Exception as error:
                self._forget(task)
                task.future.set_exception(error)
            else:
                self._forget(task)
                task.future.set_result(answer)

    def _forget(self, task: _Task) -> None:
        # Before the result is told: a late cancellation must not kill the reader over the next file.
        with self._lock:
            del self._asked[id(task.future)]

    def _restarted(self, process: ReadingProcess) -> bool:
        try:
            process.start()
        except (NodeError, OSError) as error:
            fault("reader_does_not_start", error)
            self._stopping.wait(_RESTART_PAUSE)
            return False
        return True
