"""How long to wait before the next attempt."""

import random

_LARGEST_POWER = 32


def back_off(failures: int, first: float, longest: float) -> float:
    """Seconds to wait after so many failures: doubling from `first` to `longest`, less up to a quarter at random.

    The chance keeps several nodes from coming back at the same moment.
    """
    whole = min(longest, first * 2.0 ** min(max(failures - 1, 0), _LARGEST_POWER))
    return whole * random.uniform(0.75, 1.0)
