"""Alarm rates of `neumo monitor` in windows in which nothing changed, and in which something did.

    python benchmarks/monitor_false_alarms.py [--windows N] [--streams N] [--seed N]

Draws reference and window from the same distributions (gate distance: gamma of shape 4; probability of pneumonia: beta(0.6, 0.6);
2 % refusals) for windows of 100, 200 and 1,000 readings and references of 500 and 2,000, and prints the share of windows with any
alarm, with Wilson's 95 % interval, by figure, and the share with a watch. Beside it what the rule "PSI >= 0.1" alone would give, and
the share of windows of 200 that are found where the distance grew by a quarter or by half of its standard deviation. A refusal has no
probability, so that of the smallest windows and references only the distance is judged. PSI and KS depend on
ranks alone where values are continuous, so the distributions chosen do not matter without change.

Then the sequential tests, looked at after every reading: distance, probability and refusals against a reference, sensitivity
against an accepted limit of .80 (truly .90), all four together at a stated rate of 5 %. Of streams of 3,000 readings in which
nothing changes: the share with any alarm. Of streams that change with their first reading or after 1,000: the share that is found
within 1,000 readings of the change, and how many readings that took (median and nine in ten; only radiographs with pneumonia count
for sensitivity).
"""

import argparse
from collections import Counter

import numpy as np

from neumo.core.statistics import wilson
from neumo.monitoring.drift import MODERATE, Change, Drift, drift
from neumo.monitoring.reference import Sample
from neumo.monitoring.sequential import RATE, SequentialTest, of_events, of_rate, of_values, run_tests

REFUSED, SHAPE, SCALE = 0.02, 4.0, 0.2
DEVIATION = SHAPE**0.5 * SCALE
LIMIT = 0.8
"""Accepted sensitivity."""


def sample(generator: np.random.Generator, size: int, shift: float = 0.0) -> Sample:
    refused = int(generator.binomial(size, REFUSED))
    return Sample(
        distance=generator.gamma(SHAPE, SCALE, size) + shift,
        pneumonia=generator.beta(0.6, 0.6, size - refused),
        refused=refused,
        readings=size,
    )


def simulate(windows: int, reference: int, window: int, shift: float, seed: int) -> Counter[str]:
    generator = np.random.default_rng([seed, reference, window, round(1000 * shift)])
    found: Counter[str] = Counter()
    for _ in range(windows):
        seen = drift(sample(generator, reference), sample(generator, window, shift))
        found.update(seen.alarms)
        found["any"] += bool(seen.alarms)
        found["watch"] += not seen.alarms and watched(seen)
        found["psi"] += any((figure.psi or 0.0) >= MODERATE for figure in seen.figures)
    return found


def tested(
    generator: np.random.Generator, reference: int, readings: int, change: int, **changed: float
) -> dict[str, SequentialTest]:
    """Run all tests on a stream that changes after `change` readings."""
    late = np.arange(readings) >= change
    distance = generator.gamma(SHAPE, SCALE, readings) + changed.get("distance", 0) * DEVIATION * late
    pneumonia = generator.beta(0.6, 0.6 * np.where(late, changed.get("pneumonia", 1.0), 1.0))
    refused = generator.random(readings) < np.where(late, changed.get("refusals", REFUSED), REFUSED)
    held = generator.random(readings) < np.where(late, changed.get("sensitivity", 0.9), 0.9)
    known, times = sample(generator, reference), [""] * readings
    streams = [
        of_values("distance", times, known.distance, distance),
        of_values("pneumonia", times, known.pneumonia, pneumonia),
        of_events("refusals", times, (known.refused or 0, reference), refused.tolist()),
        of_rate("sensitivity", times, LIMIT, held.tolist()),
    ]
    return {test.name: test for test in run_tests(streams)}


def simulate_streams(count: int, seed: int) -> None:
    print(f"sequential tests, stated rate {RATE:.0%} for all four together, {count} streams each")
    for reference in (200, 2000):
        generator = np.random.default_rng([seed, reference])
        false = sum(
            any(test.alarm_after for test in tested(generator, reference, 3000, 3000).values())
            for _ in range(count)
        )
        print(f"  reference {reference}, nothing changes in 3000 readings: any alarm {shown(false, count)}")
    changes = [("distance", 0.5), ("distance", 0.25), ("pneumonia", 0.5), ("refusals", 0.12), ("refusals", 0.06),
               ("sensitivity", 0.6), ("sensitivity", 0.7)]  # fmt: skip
    for reference, change in ((200, 0), (2000, 0), (2000, 1000)):
        for name, value in changes:
            generator = np.random.default_rng([seed, reference, change, round(100 * value)])
            ends = [
                tested(generator, reference, change + 1000, change, **{name: value})[name].alarm_after
                for _ in range(count // 4)
            ]
            delays = [end - change for end in ends if end is not None and end > change]
            of = sum(end is None or end > change for end in ends)
            median, most = np.quantile(delays, [0.5, 0.9]) if delays else (np.nan, np.nan)
            print(f"  reference {reference}, {name} becomes {value} after {change}: found {shown(len(delays), of)}, "
                  f"after {median:.0f} ({most:.0f})")  # fmt: skip


def watched(seen: Drift) -> bool:
    return any(figure.change is Change.WATCH for figure in seen.figures)


def shown(count: int, of: int) -> str:
    share = wilson(count, of)
    assert share.share is not None and share.low is not None and share.high is not None
    return f"{100 * share.share:5.2f} % ({100 * share.low:.2f}-{100 * share.high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=int, default=5000)
    parser.add_argument("--streams", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{given.windows} windows each, seed {given.seed}")
    cases = [(m, n, 0.0) for m in (500, 2000) for n in (100, 200, 1000)]
    for reference, window, shift in [*cases, (2000, 200, 0.25 * DEVIATION), (2000, 200, 0.5 * DEVIATION)]:
        found = simulate(given.windows, reference, window, shift, given.seed)
        rate = {
            name: shown(found[name], given.windows)
            for name in ("any", "distance", "pneumonia", "refusals", "watch", "psi")
        }
        print(f"reference {reference}, window {window}, distance moved by {shift / DEVIATION:.2f} SD")
        print(f"  any alarm {rate['any']}: distance {rate['distance']}, pneumonia {rate['pneumonia']}, "
              f"refusals {rate['refusals']}")  # fmt: skip
        print(f"  watch only {rate['watch']}; a rule of PSI >= {MODERATE} alone {rate['psi']}")
    simulate_streams(given.streams, given.seed)


if __name__ == "__main__":
    main()
