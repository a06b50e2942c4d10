import pytest
from scipy import stats

from neumo.core.statistics import holm, wilson


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
