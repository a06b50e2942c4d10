import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from neumo.core.errors import CheckpointError, ConfigError
from neumo.core.files import write_json
from neumo.datasets.layout import open_dataset
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.imaging.prepare import Intensity
from neumo.models.weights import NetworkCard, TrainedNetwork, load_network, save_network
from neumo.training.config import load_experiment
from neumo.training.distillation import Teachers
from neumo.training.fit import train
from neumo.training.predict import predict_part
from neumo.training.run_folder import RunFolder


class Fixed(torch.nn.Module):
    """Answers the same logits to every image."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(images), -1)


def teachers(share: float, *logits: list[float]) -> Teachers:
    card = NetworkCard("fixed", {}, 32, Intensity.AS_STORED)
    return Teachers([TrainedNetwork(Fixed(one), card, "0") for one in logits], share)


@pytest.fixture(scope="module")
def taught_by(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of five epochs on the first of three folds."""
    folder = tmp_path_factory.mktemp("teacher")
    (folder / "teacher.yaml").write_text(
        "{name: teacher, seed: 5, image_size: 64, split: {kind: fold, folds: 3, fold: 0},"
        " model: {name: study_cnn, options: {filters: [4, 8], dense: 16, dropout: 0}},"
        " optimizer: {learning_rate: 0.003},"
        " schedule: {batch_size: 8, max_epochs: 5, early_stopping: null, plateau: null, precision: 32-true}}"
    )
    train(load_experiment(folder / "teacher.yaml"), phantoms, folder / "run")
    return folder


def test_a_target_is_the_label_and_the_mean_of_the_teachers_as_weighted() -> None:
    images, labels = torch.zeros(2, 1, 32, 32), torch.tensor([0, 2])
    them = teachers(0.6, [0.0, 0.0, 0.0], [np.log(8.0), 0.0, 0.0])
    targets = them.targets(them.probabilities(images, None), labels)
    taught = (np.array([1, 1, 1]) / 3 + np.array([8, 1, 1]) / 10) / 2
    expected = 0.6 * taught + 0.4 * np.eye(3)[[0, 2]]
    np.testing.assert_allclose(targets.numpy(), expected, rtol=1e-6)


def test_teachers_answer_for_the_frequencies_that_the_learner_is_adjusted_to() -> None:
    priors = torch.tensor([0.2, 0.5, 0.3]).log()
    targets = teachers(1.0, [0.0, 0.0, 0.0]).probabilities(torch.zeros(1, 1, 8, 8), priors)
    np.testing.assert_allclose(targets.numpy(), [[0.2, 0.5, 0.3]], rtol=1e-6)


def test_a_run_learns_what_its_teacher_answers(taught_by: Path, phantoms: Path, tmp_path: Path) -> None:
    run = taught_by / "run"
    # A teacher that takes every class for the next one: what the learner answers shows whom it learnt from.
    wrong = tmp_path / "wrong"
    shutil.copytree(run, wrong)
    trained = load_network(wrong)
    final = [module for module in trained.network.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        final.weight.copy_(final.weight.roll(1, dims=0))
        final.bias.copy_(final.bias.roll(1, dims=0))
    save_network(trained.network, wrong, trained.card)
    learnt = load_experiment(
        taught_by / "teacher.yaml",
        [f"distillation={{teachers: [{wrong}], share: 1.0}}", "schedule.max_epochs=25", "schedule.keep=last"],
    )
    student = train(learnt, phantoms, tmp_path / "student").folder
    manifest = open_dataset(phantoms)
    answers = [predict_part(one, manifest, one.split(manifest), "train") for one in (RunFolder(run), student)]
    right, student_answers = (one.probabilities.argmax(axis=1) for one in answers)
    assert (student_answers == (right + 1) % 3).mean() > 0.85
    assert student.record()["teachers"] == [load_network(wrong).sha256]
    assert not [key for key in load_network(student.path).network.state_dict() if "teacher" in key]


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    taught_by: Path, phantoms: Path, tmp_path: Path
) -> None:
    settings = [f"distillation.teachers=[{taught_by / 'run'}]", "model.options.dropout=0.4"]
    experiment = load_experiment(taught_by / "teacher.yaml", settings)
    whole = train(experiment, phantoms, tmp_path / "whole").folder
    stopped = train(
        experiment, phantoms, tmp_path / "again", before_first_step=lambda: signal.raise_signal(signal.SIGINT)
    )
    assert stopped.status == "interrupted"
    again = train(experiment, phantoms, tmp_path / "again", resume=True).folder
    assert load_network(whole.path).sha256 == load_network(again.path).sha256


def test_a_teacher_that_saw_what_is_held_out_is_refused(
    taught_by: Path, phantoms: Path, tmp_path: Path
) -> None:
    settings = [f"distillation.teachers=[{taught_by / 'run'}]", "split.fold=1"]
    with pytest.raises(ConfigError, match=r"was trained on \d+ of the images that this run holds out"):
        train(load_experiment(taught_by / "teacher.yaml", settings), phantoms, tmp_path / "run")
    assert not (tmp_path / "run").exists(), "a run that cannot be trained leaves no folder"


def test_teachers_of_other_data_grey_levels_or_half_done_are_refused(
    taught_by: Path, phantoms: Path, tmp_path: Path
) -> None:
    def attempt(*settings: str, data: Path = phantoms, teacher: Path = taught_by / "run") -> None:
        given = [f"distillation.teachers=[{teacher}]", *settings]
        train(load_experiment(taught_by / "teacher.yaml", given), data, tmp_path / "run")

    with pytest.raises(ConfigError, match="grey levels"):
        attempt("intensity=percentiles")
    with pytest.raises(CheckpointError, match="not the folder of a run"):
        attempt(teacher=tmp_path)
    other = tmp_path / "other"
    make_phantoms(other, per_class=8, seed=9, size=64)
    with pytest.raises(CheckpointError, match="other data"):
        attempt(data=other)
    half = tmp_path / "half"
    shutil.copytree(taught_by / "run", half)
    write_json(half / "run.json", {**RunFolder(half).record(), "status": "interrupted"})
    with pytest.raises(ConfigError, match="not finished"):
        attempt(teacher=half)
