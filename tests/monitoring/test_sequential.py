import numpy as np
import pytest

from neumo.core.decision import Conclusion
from neumo.core.findings import FINDINGS
from neumo.monitoring.history import Decided, Read
from neumo.monitoring.reference import sample_of
from neumo.monitoring.sequential import (
    RATE,
    Stream,
    conformal_p_values,
    log_wealth,
    of_events,
    of_rate,
    of_values,
    run_tests,
)
from neumo.monitoring.streams import streams_of

N, B, _ = FINDINGS


def times(n: int) -> tuple[str, ...]:
    return tuple(f"t{i}" for i in range(n))


def test_conformal_p_values_are_uniform_whatever_the_distribution_and_however_many_are_equal() -> None:
    generator = np.random.default_rng(1)
    for reference, values in (
        (generator.gamma(4, 0.2, 60), generator.gamma(4, 0.2, 4000)),
        (generator.integers(0, 3, 60).astype(float), generator.integers(0, 3, 4000).astype(float)),
    ):
        p = conformal_p_values(reference, values)
        assert p.min() >= 0 and p.max() <= 1
        assert np.abs(np.bincount((p * 10).astype(int).clip(0, 9)) / 400 - 1).max() < 0.3
    high = conformal_p_values(generator.normal(size=500), np.full(20, 9.0))
    assert high.max() < 0.05, "what exceeds all before has a small one"


def test_bets_are_fair_where_nothing_changed() -> None:
    generator = np.random.default_rng(2)
    p = np.linspace(0.0005, 0.9995, 1000)
    reference = generator.normal(size=10_000)
    values = generator.permutation(np.quantile(reference, p))
    assert of_values("distance", times(1000), reference, values).factors.mean(axis=0) == pytest.approx(
        1, abs=0.02
    )
    events = generator.random(20_000) < 0.05
    of = of_events("refusals", times(20_000), (500, 10_000), events.tolist()).factors
    assert of.min() > 0 and of.mean(axis=0) == pytest.approx(1, abs=0.06)
    for truth in (0.8, 0.9):
        held = generator.random(20_000) < truth
        mean = of_rate("sensitivity", times(20_000), 0.8, held.tolist()).factors.mean(axis=0)
        assert (mean <= 1.02).all(), "a rate at the limit or above it loses the bet"


def test_wealth_is_that_of_all_bets_and_all_their_beginnings() -> None:
    factors = np.random.default_rng(3).uniform(0.2, 2.0, (6, 2))
    kept = 1 / np.log2(np.arange(7) + 2)
    by_hand = [
        kept[n] + sum((kept[j] - kept[j + 1]) / 2 * factors[j:n].prod(axis=0).sum() for j in range(n))
        for n in range(1, 7)
    ]
    assert np.exp(log_wealth(factors)) == pytest.approx(by_hand)
    assert log_wealth(np.ones((50, 3))) == pytest.approx(0), "betting on nothing keeps the stake"
    assert log_wealth(np.zeros((0, 3))).size == 0


def test_false_alarms_keep_to_the_stated_rate_however_often_one_looks() -> None:
    generator = np.random.default_rng(4)
    alarms = 0
    for _ in range(60):
        streams = [
            of_values("distance", times(150), generator.gamma(4, 0.2, 100), generator.gamma(4, 0.2, 150)),
            of_events("refusals", times(150), (int(generator.binomial(100, 0.1)), 100),
                      (generator.random(150) < 0.1).tolist()),
            of_rate("sensitivity", times(150), 0.8, (generator.random(150) < 0.8).tolist()),
        ]  # fmt: skip
        alarms += any(each.alarm_at is not None for each in run_tests(streams, 0.2))
    assert alarms <= 18, "more than binom.ppf(0.96, 60, 0.2) would be more than chance"


def test_changes_raise_an_alarm_that_says_when() -> None:
    generator = np.random.default_rng(5)
    moved = np.concatenate([generator.gamma(4, 0.2, 200), generator.gamma(4, 0.2, 150) + 0.3])
    more = (generator.random(300) < np.repeat([0.02, 0.25], 150)).tolist()
    fell = (generator.random(300) < np.repeat([0.9, 0.55], 150)).tolist()
    tests = run_tests(
        [
            of_values("distance", times(350), generator.gamma(4, 0.2, 1000), moved),
            of_events("refusals", times(300), (20, 1000), more),
            of_rate("sensitivity", times(300), 0.8, fell),
        ]
    )
    for test, change in zip(tests, (200, 150, 150), strict=True):
        assert test.alarm_after is not None and change < test.alarm_after <= test.n, test
        assert test.alarm_at == f"t{test.alarm_after - 1}" and test.evidence >= test.alarm_from == 3 / RATE


def decided(called: bool, sick: bool, at: str, agrees: bool | None = None) -> Decided:
    final = Conclusion.BACTERIAL_PNEUMONIA if sick else Conclusion.NORMAL
    return Decided("2026-01", B if called else N, final, agrees, called, False, "b", at)


def test_streams_are_those_that_there_is_something_to_compare_with() -> None:
    read = [Read("b", i % 5 == 0, i / 10, None if i % 5 == 0 else i / 100, f"r{i}") for i in range(100)]
    assert streams_of(read, (), reference=None) == ()
    names = [each.name for each in streams_of(read[:40], (), reference=sample_of(read))]
    assert names == ["distance", "pneumonia", "refusals"]
    assert streams_of(read, (), reference=sample_of(read[:20])) == (), "too few to be compared with"
    people = [decided(True, i % 2 == 0, f"d{9 - i}", agrees=i % 2 == 0) for i in range(10)]
    found = streams_of(
        (), people, reference=None, limits={"sensitivity": 0.8, "specificity": 0.7, "auroc": 0.9}
    )
    sensitivity, specificity = found
    assert (sensitivity.name, specificity.name) == ("sensitivity", "specificity")
    assert sensitivity.times == ("d1", "d3", "d5", "d7", "d9"), "in the order of deciding"
    assert sensitivity.limit == 0.8 and (sensitivity.factors < 1).all() and (specificity.factors > 1).all()
    earlier = [decided(True, True, f"e{i}", agrees=True) for i in range(60)]
    (agreement,) = streams_of((), people, reference=None, before=earlier)
    assert agreement.name == "agreement" and agreement.reference == 60 and len(agreement.times) == 10


def test_a_test_without_values_has_no_alarm() -> None:
    (test,) = run_tests([Stream("distance", (), np.zeros((0, 4)), 100)])
    assert test.n == 0 and test.alarm_at is None and test.evidence == 1
