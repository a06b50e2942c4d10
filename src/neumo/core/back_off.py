"""Exponential back-off: how long to wait before the next attempt."""

import random

_MAX_POWER = 32


def back_off(failures: int, first: float, longest: float, *, jitter: float = 0.25) -> float:
    """Return the seconds to wait after so many failures: doubling from `first` to `longest`, less a random share.

    Parameters
    ----------
    failures : int
        In a row, so far.
    first, longest : float
        In seconds.
    jitter : float
        Largest share by which a wait is shortened, so that several programs do not retry at the same moment.
    """
    whole = min(longest, first * 2.0 ** min(max(failures - 1, 0), _MAX_POWER))
    return whole * random.uniform(1 - jitter, 1)
