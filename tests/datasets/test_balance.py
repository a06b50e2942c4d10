import numpy as np
import pytest

from neumo.core.errors import DatasetError
from neumo.datasets.balance import Balance, class_weights, log_priors, resampled

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
