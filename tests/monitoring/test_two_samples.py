import numpy as np
import pytest
from scipy import stats

from neumo.monitoring.two_samples import (
    fisher_exact,
    kolmogorov_smirnov,
    population_stability_index,
)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.3, 2.0])
@pytest.mark.parametrize("sizes", [(1000, 200), (500, 100), (3000, 3000)])
def test_kolmogorov_smirnov_is_that_of_scipy(shift: float, sizes: tuple[int, int]) -> None:
    generator = np.random.default_rng(4)
    first, second = generator.normal(size=sizes[0]), generator.normal(shift, size=sizes[1])
    statistic, p = kolmogorov_smirnov(first, second)
    assert statistic == pytest.approx(stats.ks_2samp(first, second).statistic, abs=1e-12)
    scale = np.sqrt(sizes[0] * sizes[1] / sum(sizes))
    assert p == pytest.approx(stats.kstwobign.sf(scale * statistic), rel=1e-6, abs=1e-12)
    assert p == pytest.approx(stats.ks_2samp(first, second, method="exact").pvalue, abs=0.03)


def test_kolmogorov_smirnov_with_equal_values() -> None:
    first, second = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    assert kolmogorov_smirnov(first, second)[0] == stats.ks_2samp(first, second).statistic == 0.25
    assert kolmogorov_smirnov(first, first) == (0.0, 1.0)


def test_the_index_by_hand_and_its_mean_without_change() -> None:
    reference = np.arange(1000) / 1000
    one_bin = np.full(200, 0.05)
    p, q = np.full(10, 100.5) / 1005, np.full(10, 0.5) / 205
    q[0] = 200.5 / 205
    assert population_stability_index(reference, one_bin) == pytest.approx(np.sum((q - p) * np.log(q / p)))
    assert population_stability_index(reference, reference) == pytest.approx(0, abs=1e-12)
    generator = np.random.default_rng(1)
    found = [
        population_stability_index(generator.normal(size=2000), generator.normal(size=200))
        for _ in range(400)
    ]
    assert np.mean(found) == pytest.approx(9 * (1 / 200 + 1 / 2000), rel=0.1)


def test_the_index_where_most_values_are_equal() -> None:
    reference = np.concatenate([np.zeros(900), np.linspace(0.1, 1, 100)])
    assert population_stability_index(reference, reference[::5]) < 0.01
    assert population_stability_index(reference, np.ones(200)) > 1
    assert population_stability_index(np.zeros(500), np.zeros(100)) < 0.01


@pytest.mark.parametrize("table", [(3, 200, 30, 2000), (0, 100, 0, 500), (20, 200, 40, 2000), (7, 7, 0, 9)])
def test_fisher_is_that_of_scipy(table: tuple[int, int, int, int]) -> None:
    count, of, other, other_of = table
    expected = stats.fisher_exact([[count, of - count], [other, other_of - other]]).pvalue
    assert fisher_exact(*table) == pytest.approx(expected, rel=1e-6)
