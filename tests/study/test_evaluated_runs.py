import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_runs import make_run, predictions

from neumo.core.errors import CheckpointError, EvaluationError
from neumo.study.evaluated_runs import evaluated_predictions, read_history
from neumo.training.run_folder import RunFolder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    make_run(tmp_path / "small", seed=1, skill=1.0)
    return tmp_path / "small"


def test_predictions_are_those_that_the_evaluation_left(small: Path) -> None:
    found = evaluated_predictions(small, "test")
    expected = predictions(seed=1, skill=1.0)
    assert found.paths == expected.paths and found.synthetic
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-8)


def test_what_was_not_evaluated_is_named_with_the_command_that_does(small: Path, tmp_path: Path) -> None:
    with pytest.raises(
        EvaluationError, match=r"not evaluated on 'val' yet; run: neumo evaluate .* --split val"
    ):
        evaluated_predictions(small, "val")
    with pytest.raises(CheckpointError, match="is not the folder of a run"):
        evaluated_predictions(tmp_path / "nowhere", "test")


def test_a_history_is_read_as_numbers(small: Path) -> None:
    first, second = read_history(RunFolder(small))
    assert first == {"epoch": 0.0, "loss": 1.5}
    assert np.isnan(second["loss"])


@pytest.mark.parametrize("text", [None, "epoch,loss\n", "epoch,loss\n0,low\n", "epoch,loss\n0\n"])
def test_a_history_that_cannot_be_used_is_an_error(small: Path, text: str | None) -> None:
    file = small / "metrics.csv"
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(EvaluationError, match=r"metrics\.csv: .*train the run"):
        read_history(RunFolder(small))


def test_a_moved_run_is_still_read(small: Path, tmp_path: Path) -> None:
    moved = shutil.move(small, tmp_path / "elsewhere")
    assert len(evaluated_predictions(Path(moved), "test")) == 120
