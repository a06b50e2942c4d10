"""Sequential tests with a stated false-alarm rate, which may be looked at after every reading.

Each test bets against the hypothesis that nothing changed. Its wealth is an e-process: where nothing changed, the
probability that it ever reaches a limit of 1/a is at most a, however often and at whatever moment somebody looks
(Ville, 1939; Ramdas et al., Statistical Science 38:576, 2023). Values are turned into p values by their rank among
the reference and all values before (conformal prediction: Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World, 2005, part III), which are independent and uniform where reference and values come from one source,
whatever its distribution and however small the reference. Rates with an accepted limit are tested against that
limit. A test starts at each reading with part of the wealth, so that a late change is found, too (Shin, Ramdas and
Rinaldo, New England J. Stat. Data Sci. 2:229, 2024).
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE: Final = 0.05
"""Probability of any false alarm of all tests together, for ever."""
MIN_REFERENCE: Final = 50
"""Values of a reference; with fewer a test is valid, but finds next to nothing."""
_STAKES: Final = (-0.95, -0.6, 0.6, 0.95)
_RATIOS: Final = (0.25, 2.0, 4.0, 8.0, 16.0)
_FALLS: Final = (0.03, 0.06, 0.12, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Stream:
    """Input of a sequential test: values in the order of time, and their reference.

    Attributes
    ----------
    name : str
        "distance", "pneumonia", "refusals", "agreement", "sensitivity" or "specificity".
    times : tuple of str, length n
        ISO 8601 in UTC.
    factors : ndarray of float64, shape (n, k)
        By which each of k bets multiplies its stake; where nothing changed, at most 1 on average whatever came before.
    reference : int or None
        Values of the reference; None of a test against a limit.
    limit : float or None
        That a rate was accepted with.
    """

    name: str
    times: tuple[str, ...]
    factors: Floats
    reference: int | None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class SequentialTest:
    """State of a sequential test after the values seen so far.

    Attributes
    ----------
    name : str
    n : int
        Values so far.
    reference : int or None
    limit : float or None
    evidence : float
        Largest wealth that the test had, from a stake of 1; that of betting on nothing is 1.
    alarm_from : float
        Wealth from which it raises an alarm.
    alarm_at : str or None
        When it first did, ISO 8601 in UTC.
    alarm_after : int or None
        With which value, from 1.
    """

    name: str
    n: int
    reference: int | None
    limit: float | None
    evidence: float
    alarm_from: float
    alarm_at: str | None
    alarm_after: int | None


def run_tests(streams: Sequence[Stream], rate: float = RATE) -> tuple[SequentialTest, ...]:
    """Run tests whose false alarms, of all of them together, have at most a probability of `rate`."""
    return tuple(_run(stream, len(streams) / rate) for stream in streams)


def _run(stream: Stream, alarm_from: float) -> SequentialTest:
    path = log_wealth(stream.factors)
    reached = np.flatnonzero(path >= np.log(alarm_from))
    first = int(reached[0]) if reached.size else None
    most = float(path.max()) if path.size else 0.0
    return SequentialTest(
        stream.name,
        len(stream.times),
        stream.reference,
        stream.limit,
        evidence=float(np.exp(min(max(most, 0.0), 700.0))),
        alarm_from=alarm_from,
        alarm_at=None if first is None else stream.times[first],
        alarm_after=None if first is None else first + 1,
    )


def log_wealth(factors: Floats) -> Floats:
    """Return the logarithm of the wealth after each value.

    The stake is shared by all bets, and by all moments at which a bet may begin: the share that begins with value j is
    1/log2(j + 1) - 1/log2(j + 2), so that all shares add up to 1 and fall slowly.

    Parameters
    ----------
    factors : ndarray of float64, shape (n, k)
        Not negative.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    n, k = factors.shape
    kept = 1 / np.log2(np.arange(n + 1) + 2.0)
    if not n:
        return np.empty(0)
    entering = np.log((kept[:-1] - kept[1:]) / k)[:, np.newaxis]
    # A bet that begins with value j has grown by all factors but those before j.
    grown = np.cumsum(np.log(np.maximum(factors, 1e-300)), axis=0)
    before = np.concatenate([np.zeros((1, k)), grown[:-1]])
    staked = grown + np.logaddexp.accumulate(entering - before, axis=0)
    path: Floats = np.logaddexp(np.logaddexp.reduce(staked, axis=1), np.log(kept[1:]))
    return path


def conformal_p_values(reference: Floats, values: Floats, seed: int = 0) -> Floats:
    """Return the rank of each value among the reference and all values before it, from large to small, in 0-1.

    Equal values are put in random order, so that p values are uniform also where many are equal.
    """
    before = np.sort(reference).tolist()
    draws = np.random.default_rng(seed).random(values.size)
    found = np.empty(values.size)
    for i, value in enumerate(values.tolist()):
        low, high = bisect_left(before, value), bisect_right(before, value)
        found[i] = (len(before) - high + draws[i] * (high - low + 1)) / (len(before) + 1)
        insort(before, value)
    return found


def of_values(name: str, times: Sequence[str], reference: Floats, values: Floats) -> Stream:
    """Return the test of whether values became larger, smaller, or more or less spread than a reference."""
    p = conformal_p_values(reference, values)[:, np.newaxis]
    stakes = np.array(_STAKES)
    up, out = 1 - 2 * p, 2 * np.abs(2 * p - 1) - 1
    factors = np.concatenate([1 + stakes * up, 1 + stakes * out], axis=1)
    return Stream(name, tuple(times), factors, reference.size)


def of_events(name: str, times: Sequence[str], before: tuple[int, int], events: Sequence[bool]) -> Stream:
    """Return the test of whether an event became more or less frequent than in a reference.

    Parameters
    ----------
    name : str
    times : sequence of str, length n
    before : (int, int)
        How often it happened in the reference, and of how many.
    events : sequence of bool, length n
    """
    count, of = before
    reference = np.zeros(of)
    reference[:count] = 1
    p = conformal_p_values(reference, np.array(events, dtype=np.float64))[:, np.newaxis]
    # An event's p value lies below its share; half an event keeps the share from being none or all.
    share = (count + 0.5) / (of + 1)
    ratios = np.array([ratio for ratio in _RATIOS if ratio * share < 1] or [0.5])
    factors = np.where(p < share, ratios, (1 - ratios * share) / (1 - share))
    return Stream(name, tuple(times), factors, of)


def of_rate(name: str, times: Sequence[str], limit: float, held: Sequence[bool]) -> Stream:
    """Return the test of whether a rate fell below a limit, each bet being the ratio of two likelihoods.

    Parameters
    ----------
    name : str
    times : sequence of str, length n
    limit : float
        Above 0 and below 1.
    held : sequence of bool, length n
        Whether each counts for the rate.
    """
    lower = np.array([limit * (1 - fall) for fall in _FALLS])
    factors = np.where(
        np.array(held, dtype=np.bool_)[:, np.newaxis], lower / limit, (1 - lower) / (1 - limit)
    )
    return Stream(name, tuple(times), factors, None, limit)
