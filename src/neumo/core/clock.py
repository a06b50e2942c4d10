"""Tells a clock that was set apart from time that has passed, so that a wrong date deletes and ends nothing."""

import time
from typing import Final

from neumo.core.message import Message

_MAX_DIFFERENCE: Final = 3600.0
"""Seconds by which the time of day may run apart from the time that passed: clocks drift, and are set a little."""
_MAX_GAP: Final = 7 * 86_400.0
"""Seconds since anything was last recorded, after which the clock is rather wrong than the place idle."""
_DAY: Final = 86_400.0
_DOUBT: Final = 86_400.0
"""Seconds for which a clock that may be wrong at the start is given time to be set."""


def _passed() -> float:
    """Seconds since the machine started, those in which it slept too where the system tells."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        clock = getattr(time, name, None)
        if clock is not None:
            return time.clock_gettime(clock)
    return time.monotonic()


_BEGAN: Final = (time.time(), _passed())


def steady_time() -> float:
    """Return seconds since 1970 as the clock had them when this process began, plus those that passed since.

    Setting the clock changes nothing: what ends at such a time ends neither sooner nor later for it.
    """
    return _BEGAN[0] + _passed() - _BEGAN[1]


def implausible(newest: float | None, *, max_gap: float = _MAX_GAP) -> str | None:
    """Return why the clock may be wrong, seeing when something was last recorded; None where it fits.

    Parameters
    ----------
    newest : float or None
        That moment, in seconds since 1970; None where nothing is on record.
    max_gap : float
        Seconds that may lie between that and now.
    """
    if newest is None:
        return None
    gap = time.time() - newest
    if gap < -_MAX_DIFFERENCE:
        return Message("the newest entry is dated {days:.1f} days in the future", days=-gap / _DAY)
    return Message("the newest entry is {days:.1f} days old", days=gap / _DAY) if gap > max_gap else None


class ClockWatch:
    """Compares the time of day with a clock that nobody can set, from its making on.

    Parameters
    ----------
    newest : float, optional
        When something was last recorded, in seconds since 1970. Where that does not fit the time of day, the clock is
        not believed for a day, in which it can be set.
    """

    def __init__(self, newest: float | None = None) -> None:
        self._day, self._passed = time.time(), _passed()
        self._doubtful = implausible(newest) is not None

    def jumped(self) -> bool:
        """Whether the time of day was set by more than an hour since this was made."""
        return abs((time.time() - self._day) - (_passed() - self._passed)) > _MAX_DIFFERENCE

    def believed(self) -> bool:
        """Whether ages may be told by the time of day."""
        return not self.jumped() and not (self._doubtful and _passed() - self._passed < _DOUBT)
