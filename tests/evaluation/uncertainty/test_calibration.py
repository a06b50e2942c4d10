import numpy as np
import pytest
from tests.support.report_samples import Simulate

from neumo.core.errors import EvaluationError
from neumo.evaluation.uncertainty.calibration import expected_calibration_error, reliability_bins


def certain_to(confidence: float, images: int) -> np.ndarray:
    rest = (1.0 - confidence) / 2
    return np.tile([confidence, rest, rest], (images, 1))


def test_error_of_an_overconfident_model_is_its_excess_of_confidence() -> None:
    truth = np.array([0] * 6 + [1] * 4)
    assert expected_calibration_error(truth, certain_to(0.9, 10))[0] == pytest.approx(0.3)


def test_errors_of_different_bins_do_not_cancel() -> None:
    truth = np.array([0] * 5 + [1] * 5 + [0] * 10)
    chances = np.vstack([certain_to(0.75, 10), certain_to(0.75 + 0.1, 10)])
    assert expected_calibration_error(truth, chances)[0] == pytest.approx((0.25 + 0.15) / 2)
    assert expected_calibration_error(truth, chances, bins=1)[0] == pytest.approx(0.8 - 0.75)


def test_a_well_calibrated_model_has_little_error() -> None:
    generator = np.random.default_rng(1)
    chances = generator.dirichlet((1.0, 1.0, 1.0), size=20_000)
    truth = (generator.random((20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert expected_calibration_error(truth, chances)[0] < 0.02
    assert expected_calibration_error(truth, chances, equal_mass=True)[0] < 0.02


@pytest.mark.parametrize("equal_mass", [False, True])
def test_bins_hold_every_image_once_and_give_the_error(simulate: Simulate, equal_mass: bool) -> None:
    p = simulate(500)
    bins = reliability_bins(p.truth, p.probabilities, equal_mass=equal_mass)
    assert sum(b.count for b in bins) == 500
    filled = [b for b in bins if b.count]
    assert all(b.low < b.confidence <= b.high for b in filled)
    by_hand = sum(b.count * abs(b.confidence - b.accuracy) for b in filled) / 500
    ours = expected_calibration_error(p.truth, p.probabilities, equal_mass=equal_mass)[0]
    assert ours == pytest.approx(by_hand)


def test_equal_mass_bins_hold_equally_many_images(simulate: Simulate) -> None:
    p = simulate(600)
    counts = [b.count for b in reliability_bins(p.truth, p.probabilities, bins=10, equal_mass=True)]
    assert len(counts) == 10
    assert max(counts) - min(counts) <= 2


def test_equal_width_bins_keep_empty_ones_and_hold_their_upper_bound() -> None:
    bins = reliability_bins(np.array([0, 0]), certain_to(0.75, 2), bins=4)
    assert [b.count for b in bins] == [0, 0, 2, 0]
    assert np.isnan(bins[0].accuracy)


def test_no_bins_is_refused(simulate: Simulate) -> None:
    p = simulate(10)
    with pytest.raises(EvaluationError, match="0 bins"):
        reliability_bins(p.truth, p.probabilities, bins=0)
