"""A deadline for one thing after another, with one thread for all of them."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Calls a function when a deadline passes before it is called off.

    A thread for each deadline costs more than what is watched. This one sleeps until the earliest deadline it knows of
    and is woken only for an earlier one.

    Parameters
    ----------
    bite : function
        Called on the watchdog's thread.
    """

    def __init__(self, bite: Callable[[], object]) -> None:
        self._bite = bite
        self._changed = threading.Condition()
        self._deadline = self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """Give the block so many seconds; one block at a time."""
        with self._changed:
            self._deadline = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="neumo-watchdog", daemon=True)
                self._thread.start()
            elif self._deadline < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._deadline = math.inf

    def rest(self) -> None:
        """End its thread; the next block starts another."""
        with self._changed:
            self._thread = None
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._thread is not threading.current_thread():
                    return
                left = self._deadline - time.monotonic()
                if left > 0:
                    self._wakes_at = self._deadline
                    self._changed.wait(None if math.isinf(left) else left)
                    continue
                self._deadline = math.inf
            self._bite()
