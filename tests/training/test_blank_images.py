"""Images of one grey level, which have no finding."""

import signal
from pathlib import Path

import torch

from neumo.models.weights import load_network
from neumo.training.config import load_experiment
from neumo.training.fit import train

EXPERIMENT = """
name: blank
seed: 5
image_size: 64
split: {kind: fold, folds: 3, fold: 0}
balance: logit_adjustment
model: {name: study_cnn, options: {filters: [4, 8], dense: 16, dropout: 0}}
optimizer: {learning_rate: 0.003}
schedule: {batch_size: 8, max_epochs: 10, early_stopping: null, plateau: null, precision: 32-true, keep: last}
"""


def least_even(run: Path) -> float:
    """Largest probability that a run's network gives a finding on an image of one grey level."""
    network = load_network(run).network
    levels = torch.linspace(0, 1, 9).reshape(-1, 1, 1, 1).expand(-1, 1, 64, 64)
    with torch.inference_mode():
        return float(network(levels).softmax(dim=1).max())


def test_a_network_that_was_told_answers_them_evenly(phantoms: Path, tmp_path: Path) -> None:
    (tmp_path / "blank.yaml").write_text(EXPERIMENT)
    answers = {}
    for blank in ("0", "0.4"):
        run = tmp_path / blank
        train(load_experiment(tmp_path / "blank.yaml", [f"blank={blank}"]), phantoms, run)
        answers[blank] = least_even(run)
    assert answers["0.4"] < 0.45 < answers["0"]


def test_a_resumed_run_draws_the_same_ones(phantoms: Path, tmp_path: Path) -> None:
    (tmp_path / "blank.yaml").write_text(EXPERIMENT)
    experiment = load_experiment(tmp_path / "blank.yaml", ["blank=0.4", "schedule.max_epochs=2"])
    train(experiment, phantoms, tmp_path / "whole")
    train(
        experiment, phantoms, tmp_path / "again", before_first_step=lambda: signal.raise_signal(signal.SIGINT)
    )
    train(experiment, phantoms, tmp_path / "again", resume=True)
    assert load_network(tmp_path / "whole").sha256 == load_network(tmp_path / "again").sha256
