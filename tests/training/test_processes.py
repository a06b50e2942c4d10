"""Two processes that train one run: what they learn is what one process learns from the same batches."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.two_hospitals import hospitals_of
from torch import nn
from torch.utils.data import SequentialSampler

from neumo.core.errors import ConfigError
from neumo.models.weights import load_network
from neumo.training.batches import SharedBatches
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.processes import trainer_of_processes
from neumo.training.shared_normalisation import share_normalisation

EXPERIMENT = """
name: together
seed: 5
image_size: 64
split: {kind: fold, folds: 3}
balance: logit_adjustment
sampling: {over: label_view}
model: {name: efficientnet_lite, options: {dropout: 0}}
optimizer: {name: adamw, learning_rate: 0.0001}
schedule:
  {batch_size: 10, max_epochs: 3, early_stopping: null, plateau: null, one_cycle: true, averaging: 0.8, keep: last,
   precision: 32-true}
"""
"""Batch normalisation, partial labels, priors of each source, an average of the weights; nothing drawn at random."""


def rows(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open() as stream:
        return [{k: float(v) for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def test_two_processes_learn_what_one_learns_and_stop_and_go_on_together(
    phantoms: Path, tmp_path: Path
) -> None:
    data, file = hospitals_of(phantoms, tmp_path / "data"), tmp_path / "together.yaml"
    file.write_text(EXPERIMENT)
    root = Path(__file__).parents[2]
    words = [sys.executable, "-m", "tests.support.train_in_two", str(file), str(data), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        words, env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as two:
        alone = train(load_experiment(file), data, tmp_path / "alone").folder.path
        told = two.communicate(timeout=280)[0]
    assert two.returncode == 0, told
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for one, both in zip(rows(alone), rows(whole), strict=True):
        for name in ("train_loss", "val_loss", "learning_rate"):
            assert both[name] == pytest.approx(one[name], rel=3e-3), name
        assert [both[f"val_{name}"] for name in ("accuracy", "auc")] == pytest.approx(
            [one[f"val_{name}"] for name in ("accuracy", "auc")], abs=0.01
        ), "each validation image counts once"
    weights = [load_network(folder).network.state_dict() for folder in (alone, whole)]
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=1e-2, atol=1e-3)
    assert rows(broken) == rows(whole)
    assert (broken / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    for process in ("leader", "other"):
        assert "holds a run already" in (tmp_path / f"refused-{process}").read_text()


@pytest.mark.parametrize(("images", "processes"), [(23, 2), (20, 3), (21, 4), (5, 1)])
def test_processes_share_each_batch_and_see_it_once(images: int, processes: int) -> None:
    parts = [
        list(SharedBatches(SequentialSampler(range(images)), 10, process, processes))
        for process in range(processes)
    ]
    assert len({len(part) for part in parts}) == 1, "as many steps in each"
    assert all(batch for part in parts for batch in part)
    steps = [sorted(i for part in parts for i in part[step]) for step in range(len(parts[0]))]
    seen = images - (images % 10 if images % 10 < processes else 0)
    assert steps == [list(range(start, min(start + 10, seen))) for start in range(0, seen, 10)]


def test_how_many_processes_is_what_slurm_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_NTASKS", "4")
    with pytest.raises(ConfigError, match="--ntasks-per-node"):
        trainer_of_processes("auto")
    for name, value in {"NTASKS_PER_NODE": 2, "NNODES": 2, "PROCID": 3, "LOCALID": 1, "NODEID": 1}.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    trainer = trainer_of_processes("auto", logger=False, enable_checkpointing=False)
    assert (trainer.world_size, trainer.num_nodes, trainer.global_rank) == (4, 2, 3)


def test_only_plain_batch_normalisation_can_be_shared() -> None:
    class Other(nn.BatchNorm2d):
        pass

    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sequential(nn.BatchNorm2d(4)))
    images = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 1, 9, 9)).astype(np.float32))
    alone = network(images)
    share_normalisation(network)
    torch.testing.assert_close(network(images), alone)
    with pytest.raises(ConfigError, match="train it in one process"):
        share_normalisation(nn.Sequential(Other(4)))
