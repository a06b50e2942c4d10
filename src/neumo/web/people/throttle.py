"""Slowing down those who guess passwords, by name and by address."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from neumo.core.back_off import back_off

_FIRST_WAIT, _LONGEST_WAIT = 5.0, 900.0
_FORGET = 3600.0
_LARGEST = 10_000
"""Names and addresses remembered; a flood of made-up names must not fill memory."""


class Throttle:
    """After `attempts` failures each further one doubles the wait, from 5 s to 15 minutes.

    Parameters
    ----------
    attempts : int
        Failures without a wait.
    clock : function
        Seconds of a clock that never goes back.
    """

    def __init__(self, attempts: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts, self._clock = attempts, clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, *keys: str) -> float:
        """Seconds until anybody may try again under all of these keys; 0 for now."""
        now = self._clock()
        with self._lock:
            return max((self._wait(key, now) for key in keys), default=0.0)

    def failed(self, *keys: str) -> None:
        """Remember a failure under each key."""
        now = self._clock()
        with self._lock:
            for key in keys:
                count, last = self._failures.pop(key, (0, now))
                self._failures[key] = (count + 1 if now - last < _FORGET else 1, now)
            while len(self._failures) > _LARGEST:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget the failures under each key."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def forgive(self, key: str) -> None:
        """Take one failure back, so that somebody who can log in cannot wipe out guesses at others' passwords."""
        with self._lock:
            count, last = self._failures.get(key, (0, 0.0))
            if count > 1:
                self._failures[key] = (count - 1, last)
            else:
                self._failures.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        count, last = self._failures.get(key, (0, now))
        if count < self._attempts:
            return 0.0
        wait = back_off(count - self._attempts + 1, _FIRST_WAIT, _LONGEST_WAIT, jitter=0)
        return max(0.0, last + wait - now)
