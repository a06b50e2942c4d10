import numpy as np
import pytest
from scipy.stats import spearmanr

from neumo.evaluation.explanations.map_similarity import rank_correlation, top_overlap


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(6, 6)), rng.integers(0, 5, (6, 6)).astype(float)
    assert rank_correlation(first, second) == pytest.approx(
        spearmanr(first.ravel(), second.ravel()).statistic
    )
    assert rank_correlation(first, np.exp(first)) == pytest.approx(1)
    assert np.isnan(rank_correlation(first, np.ones((6, 6))))


def test_overlap_counts_the_hottest_tenth() -> None:
    first = np.arange(100, dtype=float).reshape(10, 10)
    half = first.copy()
    half[9, 5:] = -1
    assert top_overlap(first, first) == 1
    assert top_overlap(first, -first) == 0
    assert top_overlap(first, half) == 0.5
