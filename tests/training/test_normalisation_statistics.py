"""Batch normalisation statistics are recomputed on unaugmented training images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from neumo.core.errors import ConfigError
from neumo.datasets.pixels import decoded_pixels
from neumo.models.weights import load_network
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.predict import as_input
from neumo.training.run_folder import RunFolder

EXPERIMENT = """
{name: small, seed: 5, image_size: 64, intensity: percentiles, split: {kind: fold, folds: 3, fold: 0},
 model: {name: efficientnet_lite, options: {variant: lite0, dropout: 0}},
 augmentation: {crop: 0.3, brightness: 0.4, occlusion: 0.5},
 schedule: {batch_size: 16, max_epochs: 1, early_stopping: null, plateau: null, precision: 32-true}}
"""


@pytest.fixture(scope="module")
def runs(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same run twice: with the statistics of augmented crops, and recomputed on all training images."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "small.yaml").write_text(EXPERIMENT)
    for name, images in (("crops", 0), ("whole", 100_000)):
        train(
            load_experiment(folder / "small.yaml", [f"schedule.statistics_images={images}"]),
            phantoms,
            folder / name,
        )
    return folder / "crops", folder / "whole"


def test_only_the_statistics_change(runs: tuple[Path, Path]) -> None:
    crops, whole = (load_network(run).network.state_dict() for run in runs)
    changed = {key for key in crops if not torch.equal(crops[key], whole[key])}
    assert changed and all(key.rpartition(".")[2].startswith(("running_", "num_batches")) for key in changed)
    assert changed >= {key for key in crops if key.endswith("running_mean")}


def test_they_are_those_of_whole_training_images(runs: tuple[Path, Path]) -> None:
    _, whole = runs
    trained = load_network(whole)
    manifest = RunFolder(whole).dataset()
    positions = RunFolder(whole).split(manifest).indices("train", manifest)
    pixels = decoded_pixels(manifest, 64, intensity=trained.card.intensity).array[positions]
    inputs: list[torch.Tensor] = []
    first = next(m for m in trained.network.modules() if isinstance(m, torch.nn.BatchNorm2d))
    first.register_forward_pre_hook(lambda _module, given: inputs.append(given[0]))
    with torch.inference_mode():
        trained.network(as_input(trained, pixels))
    assert first.running_mean is not None and first.running_var is not None
    # A last batch that is not full is left out, and variances are those within batches.
    np.testing.assert_allclose(first.running_mean, inputs[0].mean(dim=(0, 2, 3)), atol=0.02)
    np.testing.assert_allclose(first.running_var, inputs[0].var(dim=(0, 2, 3)), rtol=0.15)


def test_a_network_without_batch_normalisation_is_refused(phantoms: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(EXPERIMENT)
    settings = ["model={name: study_cnn}", "schedule.statistics_images=8"]
    with pytest.raises(ConfigError, match="study_cnn has no batch normalisation"):
        train(load_experiment(tmp_path / "small.yaml", settings), phantoms, tmp_path / "run")
