"""Statistics that run without SciPy: intervals of proportions and of resamples, and Holm's correction of p values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NEGLIGIBLE_BIAS: Final = 0.25
"""Share of a standard error: a smaller bias leaves an interval as it is (Efron and Tibshirani 1993, section 10.3)."""
_Z: Final = 1.959963984540054
"""Quantile 0.975 of the standard normal distribution: a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A proportion with Wilson's 95 % interval.

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


def resampled_interval(value: float, samples: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a statistic, which always holds the statistic itself.

    It is the percentile interval. But resamples of a biased statistic lie to one side of it: a calibration error is a
    mean of absolute distances, which noise only increases, and resampling adds noise to that of the sample. Where
    their median is off by more than a negligible bias, the percentiles are moved by it, so that the interval tells how
    far the statistic varies from sample to sample, not how far resampling moved it. Sources: Efron and Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapters 10 (bias) and 13 (percentile interval); Roelofs et
    al., "Mitigating Bias in Calibration Error Estimation", AISTATS 2022.

    Parameters
    ----------
    value : float
        Of all that was sampled from; finite.
    samples : ndarray of float64, shape (R,)
        Of the resamples; finite, one or more.

    Returns
    -------
    low, high : float
        Moved ones stay in 0-1, or in the range of the resamples where that is wider.
    """
    low, median, high = (float(point) for point in np.percentile(samples, (2.5, 50.0, 97.5)))
    bias = median - value
    if low <= value <= high and abs(bias) <= NEGLIGIBLE_BIAS * float(np.std(samples)):
        return low, high
    # Rounding must not part an end from the value.
    least, most = min(0.0, float(samples.min())), max(1.0, float(samples.max()))
    return min(value, max(low - bias, least)), max(value, min(high - bias, most))


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
