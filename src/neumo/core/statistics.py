"""Statistics that run without SciPy: Wilson's interval of a proportion, and Holm's correction of p values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054
"""Quantile 0.975 of the standard normal distribution: a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of how many, with Wilson's 95 % interval.

    Attributes
    ----------
    count, of : int
    share, low, high : float or None
        In 0-1; None where `of` is 0.
    """

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


def wilson(count: int, of: int) -> Proportion:
    """Return a proportion with the score interval of Wilson (J. Am. Stat. Assoc. 22:209, 1927).

    Parameters
    ----------
    count : int
        0 to `of`.
    of : int

    Raises
    ------
    ValueError
        `count` is not within 0 to `of`.
    """
    if not 0 <= count <= of:
        raise ValueError(f"count: {count} is not within 0 to {of}")
    if of == 0:
        return Proportion(0, 0, None, None, None)
    share, weight = count / of, _Z**2 / of
    centre = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / of + weight / (4 * of)) / (1 + weight)
    # At the ends the formula gives exactly 0 and 1; rounding does not.
    low = 0.0 if count == 0 else centre - half
    high = 1.0 if count == of else centre + half
    return Proportion(count, of, share, low, high)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p values adjusted for multiple testing, in the order given (Holm, Scand. J. Stat. 6:65, 1979).

    Rejecting where an adjusted value is below 0.05 makes any false rejection at all at most 5 % likely, however the
    tests depend on each other.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = largest
    return tuple(adjusted)
