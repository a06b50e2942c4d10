import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.report_samples import Simulate

from neumo.core.errors import EvaluationError
from neumo.evaluation.metrics.classification import measure
from neumo.evaluation.metrics.weighted import weighted_mean
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.bootstrap import Measure, estimate, estimates, patient_resamples
from neumo.evaluation.values import Estimate


def accuracy_of(right: NDArray[np.bool_]) -> Measure:
    return lambda weights: {"accuracy": weighted_mean(right.astype(float), weights)}


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def test_images_of_a_patient_are_drawn_together_and_patients_as_many_as_there_are() -> None:
    patients = ["a", "b", "a", "c", "b", "a"]
    weights = np.concatenate(list(patient_resamples(patients, 250, seed=1)))
    assert weights.shape == (250, 6)
    assert (weights[:, 0] == weights[:, 2]).all() and (weights[:, 0] == weights[:, 5]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights[:, 3].mean() == pytest.approx(1.0, abs=0.15)


def test_the_seed_decides_the_draw(simulate: Simulate) -> None:
    patients = simulate(50).patients
    first, again, other = (next(patient_resamples(patients, 100, seed)) for seed in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(("resamples", "seed", "told"), [(39, 1, "39"), (100, -1, "-1")])
def test_impossible_settings_are_refused(resamples: int, seed: int, told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        patient_resamples(["a", "b"], resamples, seed)


def test_interval_agrees_with_theory_for_independent_images() -> None:
    right = np.random.default_rng(5).random(400) < 0.8
    found = estimates(accuracy_of(right), [str(i) for i in range(400)], resamples=2000)["accuracy"]
    error = np.sqrt(right.mean() * (1 - right.mean()) / 400)
    assert found.value == pytest.approx(right.mean())
    assert width(found) == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_doubling_the_images_of_each_patient_does_not_narrow_the_interval(simulate: Simulate) -> None:
    once = simulate(150)
    twice = once.take(np.repeat(np.arange(150), 2))
    figures_once = estimates(lambda w: measure(once, w), once.patients, resamples=300)
    figures_twice = estimates(lambda w: measure(twice, w), twice.patients, resamples=300)
    for name, figure in figures_once.items():
        assert figures_twice[name].low == pytest.approx(figure.low, abs=1e-9)
        assert figures_twice[name].high == pytest.approx(figure.high, abs=1e-9)


def test_intervals_over_patients_cover_the_truth_where_intervals_over_images_do_not() -> None:
    generator = np.random.default_rng(11)
    covered_by_patients = covered_by_images = 0
    for trial in range(150):
        chance_of_patient = generator.choice([0.4, 1.0], size=60)  # patients are easy or hard: mean 0.7
        right = (generator.random((60, 5)) < chance_of_patient[:, np.newaxis]).ravel()
        patients = [str(i // 5) for i in range(300)]
        by_patient = estimates(accuracy_of(right), patients, resamples=200, seed=trial)["accuracy"]
        by_image = estimates(accuracy_of(right), [str(i) for i in range(300)], resamples=200, seed=trial)[
            "accuracy"
        ]
        covered_by_patients += by_patient.low <= 0.7 <= by_patient.high
        covered_by_images += by_image.low <= 0.7 <= by_image.high
    assert 0.88 <= covered_by_patients / 150 <= 0.99
    assert covered_by_images / 150 < 0.88


def calibrated(images: int, seed: int) -> Predictions:
    """Few patients, and findings that are just as frequent as the probabilities say."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet((0.5, 0.5, 0.5), size=images)
    truth = np.array([generator.choice(3, p=chances) for chances in probabilities])
    names = tuple(map(str, range(images)))
    return Predictions(names, names, truth, probabilities)


@pytest.mark.parametrize("images", [5, 20, 80])
def test_no_metric_lies_outside_of_its_interval(images: int) -> None:
    """A calibration error did: resampling raised it beyond what it was on the images themselves."""
    for seed in range(6):
        predictions = calibrated(images, seed)
        found = estimates(lambda w, of=predictions: measure(of, w), predictions.patients, resamples=200)  # type: ignore[misc]
        for name, one in found.items():
            assert np.isnan(one.low) or one.low <= one.value <= one.high, (name, one)


def test_intervals_of_calibration_errors_cover_what_it_is_on_average() -> None:
    found = []
    for each in (calibrated(60, seed) for seed in range(160)):
        error = lambda w, of=each: {"e": measure(of, w)["expected_calibration_error"]}  # noqa: E731
        found.append(estimates(error, each.patients, resamples=80)["e"])
    mean = np.mean([one.value for one in found])
    assert 0.9 <= np.mean([one.low <= mean <= one.high for one in found]) <= 1


def test_a_figure_that_is_often_undefined_has_no_interval() -> None:
    samples = np.linspace(0.0, 1.0, 100)
    samples[:10] = np.nan
    assert not np.isnan(estimate(0.5, samples).low)
    samples[:11] = np.nan
    assert np.isnan(estimate(0.5, samples).low)


def test_a_class_held_by_one_patient_is_measured_without_interval(simulate: Simulate) -> None:
    predictions = simulate(80, classes=(0, 1))
    truth = predictions.truth.copy()
    truth[0] = 2
    lonely = type(predictions)(predictions.paths, predictions.patients, truth, predictions.probabilities)
    figures = estimates(lambda w: measure(lonely, w), lonely.patients, resamples=200)
    assert np.isfinite(figures["recall_VIRAL_PNEUMONIA"].value)
    assert np.isnan(figures["recall_VIRAL_PNEUMONIA"].low)
    assert np.isfinite(figures["recall_NORMAL"].low)


def test_one_patient_gives_no_interval() -> None:
    found = estimates(accuracy_of(np.array([True, False])), ["same", "same"], resamples=50)["accuracy"]
    assert found.value == 0.5
    assert np.isnan(found.low) and np.isnan(found.high)


def test_progress_reaches_the_end(simulate: Simulate) -> None:
    seen = []
    predictions = simulate(20)
    estimates(
        accuracy_of(predictions.decisions == predictions.truth),
        predictions.patients,
        resamples=250,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(100, 250), (200, 250), (250, 250)]


def test_resamples_are_measured_in_blocks_of_a_hundred(simulate: Simulate) -> None:
    predictions = simulate(60)
    rows: list[int] = []

    def measured(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        rows.append(len(weights))
        return measure(predictions, weights)

    estimates(measured, predictions.patients, resamples=250)
    assert rows == [1, 100, 100, 50], "one resample at a time would take minutes on the test set"
