"""Runs that begin with the weights of finished ones."""

from pathlib import Path

import pytest
import torch
from tests.conftest import TINY

from neumo.core.errors import ConfigError
from neumo.models.weights import load_network
from neumo.training.config import load_experiment
from neumo.training.fit import train

STAND = ["schedule.max_epochs=1", "optimizer.learning_rate=1e-12", "schedule.keep=last"]
"""One epoch that hardly moves."""


@pytest.fixture(scope="module")
def two_runs(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "tiny.yaml").write_text(TINY)
    for seed in (1, 2):
        settings = [
            "schedule.max_epochs=1",
            "split={kind: fold, folds: 3}",
            f"model.options.dropout=0.{seed}",
        ]
        train(load_experiment(folder / "tiny.yaml", settings), phantoms, folder / f"{seed}")
    return folder / "1", folder / "2"


def test_a_run_begins_with_the_mean_weights_of_others(
    tiny: Path, phantoms: Path, two_runs: tuple[Path, Path], tmp_path: Path
) -> None:
    given = [*STAND, "split={kind: fold, folds: 3}", f"model.start=[{two_runs[0]}, {two_runs[1]}]"]
    run = train(load_experiment(tiny, given), phantoms, tmp_path / "run").folder
    ours, *theirs = (load_network(path) for path in (run.path, *two_runs))
    assert run.record()["start"] == [one.sha256 for one in theirs]
    assert not run.record()["imagenet"]
    for name, value in ours.network.named_parameters():
        first, second = (one.network.state_dict()[name] for one in theirs)
        torch.testing.assert_close(value, (first + second) / 2, rtol=1e-4, atol=1e-6)
    assert any(
        not torch.equal(*pair) for pair in zip(*(one.network.parameters() for one in theirs), strict=True)
    )


def test_a_start_that_saw_what_is_held_out_or_has_another_shape_is_refused(
    tiny: Path, phantoms: Path, two_runs: tuple[Path, Path], tmp_path: Path
) -> None:
    given = [*STAND, f"model.start=[{two_runs[0]}]"]
    for settings, said in (
        (["split={kind: fold, folds: 3, fold: 1}"], r"model.start: .* was trained on \d+ of the images"),
        (["split={kind: fold, folds: 3}", "model.options.dense=24"], "with other options"),
        (["model.pretrained=true"], "set pretrained: false"),
    ):
        with pytest.raises(ConfigError, match=said):
            train(load_experiment(tiny, [*given, *settings]), phantoms, tmp_path / "run")
