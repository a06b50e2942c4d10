"""Tells a clock that was set apart from time that has passed, so that a wrong date deletes nothing."""

import time
from typing import Final

_MAX_DIFFERENCE: Final = 3600.0
"""Seconds by which the time of day may run apart from the time that passed: clocks drift, and are set a little."""


class ClockWatch:
    """Compares the time of day with a clock that nobody can set, from its making on."""

    def __init__(self) -> None:
        self._day, self._passed = time.time(), _passed()

    def jumped(self) -> bool:
        """Whether the time of day was set by more than an hour since this was made."""
        return abs((time.time() - self._day) - (_passed() - self._passed)) > _MAX_DIFFERENCE


def _passed() -> float:
    """Seconds since the machine started, those in which it slept too where the system tells."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
