"""Gates that tell damaged radiographs from whole ones."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neumo.bundle.gate_statistics import GateStatistics, read_gate_statistics
from neumo.export.fit_gate import FittedGate, fit_gate

Floats = NDArray[np.float32]


def embeddings(count: int, seed: int, shift: float = 0.0) -> Floats:
    """Random embeddings of 24 features; `shift` is added to the fourth, in standard deviations."""
    random = np.random.default_rng(seed)
    made: Floats = random.normal(size=(count, 24)).astype(np.float32)
    made[:, 3] += np.float32(shift)
    return made


NEW, NEW_DAMAGED = embeddings(1000, 3), embeddings(1000, 4, shift=6.0)


@pytest.fixture(scope="module")
def fitted() -> FittedGate:
    return fit_gate(embeddings(1200, 1), embeddings(1200, 2, shift=6.0))


@pytest.fixture(scope="module")
def limits(fitted: FittedGate) -> tuple[float, float]:
    return float(np.quantile(fitted.distance(NEW), 0.985)), float(np.quantile(fitted.log_odds(NEW), 0.995))


@pytest.fixture(scope="module")
def gate(fitted: FittedGate, limits: tuple[float, float]) -> GateStatistics:
    return fitted.limited(*limits)


def test_damage_lies_beyond_the_limit_which_distance_alone_does_not_see(
    fitted: FittedGate, gate: GateStatistics, limits: tuple[float, float]
) -> None:
    assert (fitted.distance(NEW_DAMAGED) > limits[0]).mean() < 0.9
    assert (gate.distance(NEW_DAMAGED) > limits[0]).mean() > 0.98


def test_whole_images_are_accepted_as_both_limits_say(
    fitted: FittedGate, gate: GateStatistics, limits: tuple[float, float]
) -> None:
    refused = gate.distance(NEW) > limits[0]
    assert 0.015 <= refused.mean() <= 0.021
    either = (fitted.distance(NEW) > limits[0]) | (fitted.log_odds(NEW) > limits[1])
    assert (refused != either).sum() <= 1  # the image whose log odds are the limit
    assert (gate.distance(NEW) >= fitted.distance(NEW)).all()


def test_known_distances_and_log_odds_give_the_same(
    fitted: FittedGate, gate: GateStatistics, limits: tuple[float, float]
) -> None:
    larger = fitted.larger(fitted.distance(NEW_DAMAGED), fitted.log_odds(NEW_DAMAGED), limits)
    np.testing.assert_allclose(larger, gate.distance(NEW_DAMAGED), rtol=1e-4)


def test_a_gate_is_read_as_it_was_saved(fitted: FittedGate, gate: GateStatistics, tmp_path: Path) -> None:
    for name, saved in (("distance", fitted.statistics), ("damage", gate)):
        file = tmp_path / f"{name}.npz"
        saved.save(file)
        again = read_gate_statistics(file.read_bytes(), file)
        np.testing.assert_allclose(again.distance(NEW_DAMAGED), saved.distance(NEW_DAMAGED), rtol=1e-6)
