"""Missed pneumonias."""

import numpy as np
import pytest

from neumo.core.findings import Finding
from neumo.evaluation.metrics.missed_pneumonias import clearest_missed, missed_pneumonias
from neumo.evaluation.predictions import Predictions


def _predictions(rows: list[tuple[int, tuple[float, float, float]]]) -> Predictions:
    """Rows of truth and the three probabilities."""
    return Predictions(
        paths=tuple(f"{i}.jpeg" for i in range(len(rows))),
        patients=tuple(f"patient {i}" for i in range(len(rows))),
        truth=np.array([row[0] for row in rows]),
        probabilities=np.array([row[1] for row in rows], dtype=np.float64),
    )


@pytest.fixture
def five() -> Predictions:
    return _predictions(
        [
            (0, (0.9, 0.1, 0.0)),
            (1, (0.45, 0.30, 0.25)),  # normal is the most probable, pneumonia is likelier than not
            (1, (0.8, 0.1, 0.1)),
            (1, (0.1, 0.8, 0.1)),
            (2, (0.7, 0.0, 0.3)),
        ]
    )


def test_each_rule_counts_its_own_misses(five: Predictions) -> None:
    bacterial, viral, both = missed_pneumonias(five, [0.5, 0.25], resamples=40)
    assert bacterial.finding is Finding.BACTERIAL_PNEUMONIA
    assert (bacterial.support, bacterial.counts) == (3, (2, 1, 1))
    assert (viral.support, viral.counts) == (1, (1, 1, 0))
    assert both.finding is None
    assert (both.support, both.counts) == (4, (3, 2, 1))
    assert both.shares[0].value == pytest.approx(0.75)


def test_no_miss_among_few_patients_is_no_proof_of_never(five: Predictions) -> None:
    _, viral, _ = missed_pneumonias(five, [0.25], resamples=40)
    assert viral.shares[1].value == 0.0
    assert viral.shares[1].high == pytest.approx(0.975)  # one patient, exact interval


def test_a_kind_without_images_has_no_share() -> None:
    _, viral, _ = missed_pneumonias(_predictions([(0, (1, 0, 0)), (1, (0, 1, 0))]), [0.5], resamples=40)
    assert viral.support == 0
    assert np.isnan(viral.shares[0].value)


def test_the_clearest_misses_come_first_and_the_list_is_cut(five: Predictions) -> None:
    assert clearest_missed(five, 0.5, 10).tolist() == [2, 4]
    assert clearest_missed(five, 0.5, 1).tolist() == [2]
