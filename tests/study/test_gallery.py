from pathlib import Path

import numpy as np
import pytest
from tests.support.report_samples import made_up

from neumo.core.errors import CheckpointError
from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.predictions import Predictions
from neumo.study.gallery import CASES_A_KIND, chosen_cases, instructive_cases
from neumo.training.predict import predict_part
from neumo.training.run_folder import RunFolder


def test_the_most_confident_mistakes_of_each_class_are_chosen() -> None:
    predictions = made_up(200)
    chosen = chosen_cases(predictions)
    assert chosen == chosen_cases(predictions), "the same predictions show the same cases"
    for finding in FINDINGS:
        wrong = np.flatnonzero(
            (predictions.truth == finding.index) & (predictions.decisions != finding.index)
        )
        shown = [i for i in chosen if i in set(wrong.tolist())]
        confidence = predictions.probabilities.max(axis=1)
        assert len(shown) == CASES_A_KIND
        assert sorted(confidence[shown]) == sorted(confidence[wrong])[-CASES_A_KIND:]
        right = [i for i in chosen if predictions.truth[i] == predictions.decisions[i] == finding.index]
        assert len(right) == CASES_A_KIND


def test_a_class_without_mistakes_shows_fewer() -> None:
    truth = np.array([0, 0, 1], dtype=np.int64)
    perfect = Predictions(("a", "b", "c"), ("a", "b", "c"), truth, np.eye(3)[truth])
    assert sorted(chosen_cases(perfect)) == [0, 1, 2]


def test_cases_carry_their_pixels_and_missed_pneumonias_come_first(trained: Path) -> None:
    run = RunFolder(trained)
    manifest = run.dataset()
    predictions = predict_part(run, manifest, run.split(manifest), "val")
    cases = instructive_cases(run, manifest, predictions)
    assert 0 < len(cases) <= 2 * CASES_A_KIND * len(FINDINGS)
    ranks = [(not case.is_missed, case.is_right) for case in cases]
    assert ranks == sorted(ranks)
    for case in cases:
        assert case.pixels.shape == (32, 32) and sum(case.probabilities) == pytest.approx(1)
        assert case.heat is None or (
            case.heat.shape == (32, 32) and 0 <= case.heat.min() <= case.heat.max() <= 1
        )
        assert FINDINGS[int(np.argmax(case.probabilities))] is case.decision
        assert case.is_missed == (case.truth is not Finding.NORMAL and case.decision is Finding.NORMAL)


def test_a_run_without_weights_is_an_error(run: Path) -> None:
    folder = RunFolder(run)
    manifest = folder.dataset()
    predictions = predict_part(folder, manifest, folder.split(manifest), "val")
    (run / "model.safetensors").unlink()
    with pytest.raises(CheckpointError):
        instructive_cases(folder, manifest, predictions)
