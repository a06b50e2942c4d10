import numpy as np
import pytest

from neumo.core.labels import LABELS, PartialLabel
from neumo.evaluation.uncertainty.calibration import expected_calibration_error
from neumo.evaluation.uncertainty.temperature import fit_temperature, tempered


def overconfident(factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from probabilities, and the same probabilities with their logits times `factor`."""
    rng = np.random.default_rng(1)
    honest = tempered(rng.dirichlet([0.7, 0.7, 0.7], size=8000), 1.0)
    truth = (honest.cumsum(axis=1) < rng.random((8000, 1))).sum(axis=1).clip(0, 2)
    return truth, tempered(honest, 1 / factor)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(factor: float) -> None:
    truth, probabilities = overconfident(factor)
    temperature = fit_temperature(truth, probabilities)
    assert temperature == pytest.approx(factor, rel=0.05)
    before = expected_calibration_error(truth, probabilities)[0]
    after = expected_calibration_error(truth, tempered(probabilities, temperature))[0]
    assert after < 0.02 and (factor == 1.0 or after < before / 3)


def test_weights_count_as_repeated_images_do() -> None:
    truth, probabilities = overconfident(2.0)
    weights = np.where(truth == 0, 3.0, 1.0)
    repeated = np.repeat(np.arange(len(truth)), weights.astype(int))
    weighted = fit_temperature(truth, probabilities, weights)
    assert weighted == pytest.approx(fit_temperature(truth[repeated], probabilities[repeated]), rel=1e-6)
    assert weighted != pytest.approx(fit_temperature(truth, probabilities), rel=1e-6)


def test_no_other_temperature_has_a_lower_loss() -> None:
    truth, probabilities = overconfident(1.7)

    def loss(temperature: float) -> float:
        chosen = tempered(probabilities, temperature)[np.arange(len(truth)), truth]
        return float(-np.log(chosen).mean())

    found = fit_temperature(truth, probabilities)
    assert loss(found) <= min(loss(temperature) for temperature in np.geomspace(0.1, 10, 201))


def test_partial_labels_calibrate_the_probability_that_they_state() -> None:
    """Of pneumonia of unknown cause only the sum of both kinds is learnt from."""
    rng = np.random.default_rng(8)
    sick = rng.random(8000) < 0.5
    chance = np.clip(np.where(sick, 0.7, 0.3) + rng.normal(scale=0.1, size=8000), 0.05, 0.95)
    drawn = rng.random(8000) < chance
    logits = 2 * np.log(chance / (1 - chance))  # twice too sure
    pneumonia = 1 / (1 + np.exp(-logits))
    probabilities = np.stack([1 - pneumonia, pneumonia, np.zeros(8000)], axis=1)
    codes = np.where(drawn, LABELS.index(PartialLabel.PNEUMONIA), 0)
    assert fit_temperature(codes, probabilities) == pytest.approx(2, rel=0.1)
