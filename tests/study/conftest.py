"""A tiny trained run and a tiny bundle, which the tests of this room copy."""

import shutil
from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.training.config import load_experiment
from neumo.training.fit import train

EXPERIMENT = """
name: run1
seed: 5
image_size: 32
split: {kind: official, validation: 0.25}
model: {name: study_cnn, options: {filters: [4], dense: 8, dropout: 0.2}}
optimizer: {learning_rate: 0.003}
schedule: {batch_size: 16, max_epochs: 2}
"""


@pytest.fixture(scope="session")
def experiments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of run1.yaml."""
    folder = tmp_path_factory.mktemp("experiments")
    (folder / "run1.yaml").write_text(EXPERIMENT)
    return folder


@pytest.fixture(scope="session")
def trained(experiments: Path, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that was never evaluated; tests that write use `run`."""
    folder = tmp_path_factory.mktemp("trained") / "run1"
    train(load_experiment(experiments / "run1.yaml", []), phantoms, folder)
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained run."""
    return Path(shutil.copytree(trained, tmp_path / "runs" / "run1"))


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)
