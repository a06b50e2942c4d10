"""Rate limit of logins: exponential back-off by name and by address against password guessing."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from neumo.core.back_off import back_off

_FIRST_WAIT, _MAX_WAIT = 5.0, 900.0
_RESET_SECONDS = 3600.0
_MAX_KEYS = 10_000
"""Most names and addresses that are counted at once: it bounds memory under a flood of invented names."""


class LoginRateLimiter:
    """After `attempts` failures each further one doubles the wait, from 5 s to 15 minutes.

    Parameters
    ----------
    attempts : int
        Failures before the first wait.
    clock : function
        Monotonic clock, in seconds.
    """

    def __init__(self, attempts: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts, self._clock = attempts, clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._of_users: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def seconds_to_wait(self, *keys: str) -> float:
        """Return the seconds until the next attempt is allowed under all of these keys; 0 for now."""
        now = self._clock()
        with self._lock:
            return max((self._wait(key, now) for key in keys), default=0.0)

    def record_failure(self, *keys: str, user: str | None = None) -> None:
        """Count a failure under each key.

        Parameters
        ----------
        *keys : str
            Names and addresses that a stranger may invent; the oldest are forgotten where there are too many.
        user : str, optional
            Key of somebody who has an account; it is never forgotten for others' sake.
        """
        now = self._clock()
        with self._lock:
            for key in keys:
                self._failures[key] = self._one_more(self._failures.pop(key, None), now)
            if user is not None:
                self._of_users[user] = self._one_more(self._of_users.get(user), now)
            while len(self._failures) > _MAX_KEYS:
                self._failures.popitem(last=False)

    def reset(self, *keys: str) -> None:
        """Forget the failures under each key."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)
                self._of_users.pop(key, None)

    def take_back(self, key: str) -> None:
        """Take one failure back, so that somebody who can log in cannot wipe out guesses at others' passwords."""
        with self._lock:
            count, last = self._failures.get(key, (0, 0.0))
            if count > 1:
                self._failures[key] = (count - 1, last)
            else:
                self._failures.pop(key, None)

    @staticmethod
    def _one_more(counted: tuple[int, float] | None, now: float) -> tuple[int, float]:
        count, last = counted or (0, now)
        return (count + 1 if now - last < _RESET_SECONDS else 1), now

    def _wait(self, key: str, now: float) -> float:
        count, last = self._of_users.get(key) or self._failures.get(key, (0, now))
        if count < self._attempts:
            return 0.0
        wait = back_off(count - self._attempts + 1, _FIRST_WAIT, _MAX_WAIT, jitter=0)
        return max(0.0, last + wait - now)
