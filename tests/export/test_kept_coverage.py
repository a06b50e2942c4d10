"""Decisions of a shipped bundle on held-out folds: coverage of its prediction sets in every class."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from tests.support.report_samples import made_up
from tests.support.tiny_bundle import CONFIGURATION

from neumo.bundle.config import BundleConfig
from neumo.core.findings import FINDINGS
from neumo.datasets.balance import Balance
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.sources.values import Images
from neumo.evaluation.uncertainty.conformal import measure_coverage
from neumo.evaluation.uncertainty.temperature import tempered
from neumo.export.calibrate import COVERAGES, decide
from neumo.export.held_out import HeldOut
from neumo.inference.posterior import make_answer, prevalence_of

FOLDS, FRESH = 1500, 4000


@pytest.fixture(scope="module", params=[0.6, 1.5, 3.0], ids=["weak", "middling", "strong"])
def predictions(request: pytest.FixtureRequest) -> Predictions:
    """Predictions of a simulated network of some skill; the first images are those of the folds."""
    return made_up(FOLDS + FRESH, strength=request.param, seed=7)


@pytest.fixture(scope="module")
def config(predictions: Predictions) -> BundleConfig:
    """Decided on the images of the folds, as export does."""
    blank = ("",) * FOLDS
    images = Images(
        sources=blank,
        views=blank,
        patients=predictions.patients[:FOLDS],
        codes=predictions.truth[:FOLDS],
        refused=blank,
        probabilities=predictions.probabilities[:FOLDS],
    )
    distances = np.ones((3, FOLDS), dtype=np.float32)
    held_out = HeldOut(
        images, predictions.paths[:FOLDS], distances, np.zeros((3, FOLDS)), (), synthetic=False
    )
    decisions = decide(held_out, Balance.LOGIT_ADJUSTMENT)
    return replace(
        CONFIGURATION,
        temperature=decisions.temperature,
        priors=decisions.priors,
        operating_points=decisions.operating_points,
        conformal=decisions.conformal,
    )


def sets_of(
    probabilities: np.ndarray, config: BundleConfig, point: str, level: float, place: float | None
) -> Iterator[list[bool]]:
    """The sets as readings state them, at an operating point, coverage and prevalence."""
    prevalence = None if place is None else prevalence_of(place, config)
    for row in probabilities:
        held = make_answer(
            row, config, operating_point=point, coverage=level, prevalence=prevalence
        ).prediction_set
        assert held
        yield [finding in held for finding in FINDINGS]


def test_sets_keep_their_coverage_in_every_class_on_the_folds_and_on_fresh_images(
    predictions: Predictions, config: BundleConfig
) -> None:
    calibrated = tempered(predictions.probabilities, config.temperature)
    for level, point, place in product(COVERAGES, config.operating_points, (None, 0.02)):
        members = np.array(list(sets_of(calibrated, config, point, level, place)))
        on_folds = measure_coverage(predictions.truth[:FOLDS], members[:FOLDS], level)
        on_fresh = measure_coverage(predictions.truth[FOLDS:], members[FOLDS:], level)
        for finding in FINDINGS:
            assert on_folds[finding].measured >= level, (level, point, place, finding)
            # Limits of some 500 images a class miss the nominal coverage by chance, by 1.3 % of one standard error.
            assert on_fresh[finding].measured >= level - 0.045, (level, point, place, finding)
