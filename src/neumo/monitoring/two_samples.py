"""Statistics of two samples: population stability index, Kolmogorov-Smirnov, Fisher's exact test; without SciPy."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BINS: Final = 10
_TERMS: Final = 100
_MIN_LAMBDA: Final = 0.2
"""Below it the p value differs from 1 by less than 1e-12, and the series converges slowly."""


def population_stability_index(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> float:
    """Return the PSI of a sample against a reference, in ten bins between the reference's deciles.

    The PSI is the sum over bins of (q - p) ln(q / p), p and q being the shares of reference and sample (Siddiqi, Credit
    Risk Scorecards, Wiley 2006, ch. 9). Half a count is added to each bin, so that an empty one does not make it
    infinite. Deciles that coincide are one limit, so that fewer bins are left where many values are equal.

    Without any change it is about 9 (1/n + 1/m) on average (Yurdakul, Statistical Properties of Population Stability
    Index, Western Michigan University 2018), so small samples give large values by chance alone.

    Parameters
    ----------
    reference, sample : ndarray of float64, shape (m,) and (n,)
        Finite; neither is empty.
    """
    limits = stability_limits(reference)
    return stability_index(stability_counts(reference, limits), stability_counts(sample, limits))


def stability_limits(reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of the bins of the PSI: the reference's deciles; a value's bin is how many it exceeds."""
    return np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))


def stability_index(expected: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Return the PSI (see `population_stability_index`) of counts in bins, of the reference and of the sample."""
    p, q = _smoothed_shares(expected), _smoothed_shares(found)
    return float(np.sum((q - p) * np.log(q / p)))


def stability_counts(values: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the values in each bin of the PSI (see `stability_limits`)."""
    return np.bincount(np.searchsorted(limits, values, side="left"), minlength=limits.size + 1)


def _smoothed_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = counts + 0.5
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def kolmogorov_smirnov(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> tuple[float, float]:
    """Return the largest distance between two empirical distributions, and its asymptotic two-sided p value.

    With m and n values, sqrt(m n / (m + n)) times the distance follows Kolmogorov's distribution where nothing changed
    (Smirnov, Ann. Math. Stat. 19:279, 1948). With many equal values the p value is too large.

    Parameters
    ----------
    reference, sample : ndarray of float64, shape (m,) and (n,)
        Finite; neither is empty.

    Returns
    -------
    statistic, p : float
        Both in 0-1.
    """
    ours, theirs = np.sort(reference), np.sort(sample)
    every = np.concatenate([ours, theirs])
    gaps = (
        np.searchsorted(ours, every, side="right") / ours.size
        - np.searchsorted(theirs, every, side="right") / theirs.size
    )
    statistic = float(np.abs(gaps).max())
    scale = math.sqrt(ours.size * theirs.size / (ours.size + theirs.size))
    return statistic, _kolmogorov_tail(scale * statistic)


def _kolmogorov_tail(value: float) -> float:
    if value < _MIN_LAMBDA:
        return 1.0
    k = np.arange(1, _TERMS + 1)
    terms = (-1.0) ** (k - 1) * np.exp(-2.0 * k**2 * value**2)
    return float(np.clip(2 * terms.sum(), 0.0, 1.0))


def fisher_exact(count: int, of: int, other: int, other_of: int) -> float:
    """Return the two-sided p value that two shares, `count` of `of` and `other` of `other_of`, are alike.

    It adds up the probabilities of all tables with these margins that are no more probable than the one at hand
    (Fisher, Statistical Methods for Research Workers, 1934).
    """
    hits, total = count + other, of + other_of
    possible = np.arange(max(0, hits - other_of), min(of, hits) + 1)
    ways = np.array([_log_choose(of, k) + _log_choose(other_of, hits - k) for k in possible.tolist()])
    logs = ways - _log_choose(total, hits)
    at_hand = logs[count - possible[0]]
    # Tables that are as probable as the one at hand differ from it by rounding.
    return float(min(1.0, np.exp(logs[logs <= at_hand + 1e-7]).sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
