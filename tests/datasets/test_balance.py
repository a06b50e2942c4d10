from collections import Counter

import numpy as np
import pytest

from neumo.core.errors import DatasetError
from neumo.datasets.balance import (
    Balance,
    Sampling,
    balanced_draws,
    class_weights,
    log_priors,
    log_priors_by_source,
    resampled,
)

LABELS = np.array([0] * 10 + [1] * 40 + [2] * 25)


def test_undersampling_takes_the_rarest_class_size_without_repeats() -> None:
    chosen = resampled(LABELS, Balance.UNDERSAMPLE, seed=1)
    assert np.bincount(LABELS[chosen]).tolist() == [10, 10, 10]
    assert len(np.unique(chosen)) == 30


def test_oversampling_shows_every_image_and_repeats_evenly() -> None:
    chosen = resampled(LABELS, Balance.OVERSAMPLE, seed=1)
    assert np.bincount(LABELS[chosen]).tolist() == [40, 40, 40]
    repeats = np.bincount(chosen)
    assert repeats.min() == 1
    assert np.ptp(repeats[LABELS == 2]) <= 1


@pytest.mark.parametrize("balance", [Balance.NONE, Balance.CLASS_WEIGHTS, Balance.LOGIT_ADJUSTMENT])
def test_the_other_strategies_leave_the_images_alone(balance: Balance) -> None:
    np.testing.assert_array_equal(resampled(LABELS, balance, seed=1), np.arange(75))


def test_the_seed_decides_the_draw() -> None:
    first, again, other = (resampled(LABELS, Balance.UNDERSAMPLE, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_weights_give_each_class_the_same_total_and_average_one() -> None:
    weights = class_weights(LABELS)
    totals = np.bincount(LABELS) * weights
    np.testing.assert_allclose(totals, totals[0], rtol=1e-6)
    assert weights[LABELS].mean() == pytest.approx(1, rel=1e-6)


def test_log_priors_are_the_logarithms_of_the_frequencies() -> None:
    np.testing.assert_allclose(np.exp(log_priors(LABELS)), np.array([10, 40, 25]) / 75, rtol=1e-6)


def test_a_missing_class_is_an_error() -> None:
    with pytest.raises(DatasetError, match="no image of VIRAL_PNEUMONIA"):
        resampled(np.array([0, 1, 1]), Balance.UNDERSAMPLE, seed=1)


# --- several sources -----------------------------------------------------------------------------------

# Source 0: 30 images without views. Source 1: normal (0) mostly PA (1), pneumonia of unknown cause (3) mostly AP (2).
_LABELS = np.array([0] * 6 + [1] * 15 + [2] * 9 + [0] * 22 + [3] * 18)
_SOURCES = np.array([0] * 30 + [1] * 40)
_VIEWS = np.array([0] * 30 + [1] * 20 + [2] * 2 + [1] * 3 + [2] * 15)


def drawn(sampling: Sampling, max_repeats: float, seed: int = 0) -> np.ndarray:
    draws = balanced_draws(_LABELS, _SOURCES, _VIEWS, sampling, max_repeats)
    assert draws is not None
    return draws.epoch(np.random.default_rng(seed))


def count(chosen: np.ndarray) -> dict[tuple[int, int, int], int]:
    keys = zip(_SOURCES[chosen].tolist(), _LABELS[chosen].tolist(), _VIEWS[chosen].tolist(), strict=True)
    return dict(Counter(keys))


def test_every_label_and_view_of_a_source_is_drawn_equally_often() -> None:
    chosen = drawn(Sampling.LABEL_VIEW, max_repeats=100)
    assert count(chosen) == dict.fromkeys(
        [(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 1), (1, 0, 2), (1, 3, 1), (1, 3, 2)], 10
    )
    assert np.ptp(np.bincount(chosen)[(_SOURCES == 1) & (_LABELS == 0) & (_VIEWS == 2)]) <= 1


def test_no_image_is_repeated_beyond_the_limit_and_sources_are_drawn_equally_if_asked() -> None:
    assert count(drawn(Sampling.LABEL_VIEW, max_repeats=2))[1, 0, 2] == 4
    by_source = np.bincount(_SOURCES[drawn(Sampling.SOURCE_LABEL_VIEW, max_repeats=100)])
    assert by_source == pytest.approx([35, 35], abs=2)


def test_epochs_differ_and_the_seed_decides_them() -> None:
    first, again, other = (drawn(Sampling.LABEL_VIEW, 4, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(other) == len(first)
    assert (first != other).any()
    assert balanced_draws(_LABELS, _SOURCES, _VIEWS, Sampling.ONCE, 4) is None


def test_priors_are_those_of_each_source_as_drawn_and_unknown_causes_count_half() -> None:
    once = np.exp(log_priors_by_source(_LABELS, _SOURCES, np.ones(70)))
    np.testing.assert_allclose(once, [[6 / 30, 15 / 30, 9 / 30], [22 / 40, 9 / 40, 9 / 40]], rtol=1e-5)
    draws = balanced_draws(_LABELS, _SOURCES, _VIEWS, Sampling.LABEL_VIEW, 100)
    assert draws is not None
    balanced = np.exp(log_priors_by_source(_LABELS, _SOURCES, draws.weights))
    np.testing.assert_allclose(balanced, [[1 / 3, 1 / 3, 1 / 3], [1 / 2, 1 / 4, 1 / 4]], rtol=1e-5)


def test_a_source_of_one_label_has_finite_priors() -> None:
    assert np.isfinite(log_priors_by_source(np.array([3, 3]), np.array([0, 0]), np.ones(2))).all()
