import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neumo.core.statistics import holm, resampled_interval, wilson


def test_holm_steps_down_and_never_falls() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.04, 0.01, 0.03]) == pytest.approx((0.06, 0.03, 0.06))
    assert holm([0.9, 0.6]) == (1.0, 1.0)
    assert holm([]) == ()


@pytest.mark.parametrize("case", [(0, 20), (20, 20), (7, 31), (1, 100_000)])
def test_wilson_is_that_of_scipy(case: tuple[int, int]) -> None:
    found, expected = wilson(*case), stats.binomtest(*case).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_share_of_nothing_is_none_and_an_impossible_one_is_refused() -> None:
    assert wilson(0, 0).share is None
    with pytest.raises(ValueError, match="not within 0 to 2"):
        wilson(3, 2)


numbers = st.floats(-1e6, 1e6)


@given(numbers, st.lists(numbers, min_size=1, max_size=50))
def test_an_interval_of_resamples_holds_the_value_however_they_lie(
    value: float, samples: list[float]
) -> None:
    low, high = resampled_interval(value, np.array(samples))
    assert low <= value <= high


@given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_interval_of_shares_stays_one_of_shares(value: float, samples: list[float]) -> None:
    low, high = resampled_interval(value, np.array(samples))
    assert 0 <= low <= high <= 1


def test_an_unbiased_statistic_has_its_percentile_interval_and_a_biased_one_is_moved_by_its_bias() -> None:
    samples = np.linspace(0.4, 0.6, 201)
    assert resampled_interval(0.5, samples) == pytest.approx((0.405, 0.595))
    assert resampled_interval(0.52, samples) == pytest.approx((0.425, 0.615))
    assert resampled_interval(0.02, samples) == pytest.approx((0.0, 0.115))
