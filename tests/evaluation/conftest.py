"""Predictions made by a rule, for the tests of this room."""

import numpy as np
import pytest
from tests.support.report_samples import Simulate

from neumo.evaluation.predictions import Predictions


def _simulate(
    images: int = 200,
    *,
    images_per_patient: int = 1,
    strength: float = 1.5,
    seed: int = 0,
    truth_seed: int = 0,
    classes: tuple[int, ...] = (0, 1, 2),
    digits: int | None = None,
) -> Predictions:
    """Images whose probability of the truth grows with `strength`; `digits` rounds, so that scores tie."""
    truth = np.random.default_rng(truth_seed).choice(classes, size=images).astype(np.int64)
    logits = np.random.default_rng(seed).normal(size=(images, 3))
    logits[np.arange(images), truth] += strength
    chances = np.exp(logits)
    chances /= chances.sum(axis=1, keepdims=True)
    if digits is not None:
        chances = np.round(chances, digits)
        chances[:, 0] = np.maximum(np.round(1.0 - chances[:, 1] - chances[:, 2], digits), 0.0)
    return Predictions(
        paths=tuple(f"image-{i:04d}.jpeg" for i in range(images)),
        patients=tuple(f"patient-{i // images_per_patient:04d}" for i in range(images)),
        truth=truth,
        probabilities=chances,
    )


@pytest.fixture
def simulate() -> Simulate:
    return _simulate
