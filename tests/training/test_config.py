from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from neumo.core.errors import ConfigError
from neumo.core.typed_values import to_plain
from neumo.datasets.balance import Balance
from neumo.training.config import load_experiment

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
MINIMAL = "name: x\nsplit: {kind: fold}\nmodel: {name: study_cnn}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    target = tmp_path / "e.yaml"
    target.write_text(MINIMAL)
    return target


@pytest.mark.parametrize("name", sorted(p.name for p in EXPERIMENTS.glob("*.yaml")))
def test_every_experiment_of_the_project_is_valid(name: str) -> None:
    assert load_experiment(EXPERIMENTS / name).name == Path(name).stem


def test_the_four_runs_change_what_the_study_changed_and_nothing_else() -> None:
    runs = [
        to_plain(replace(load_experiment(EXPERIMENTS / f"run{n}.yaml"), name="run", description=""))
        for n in range(1, 5)
    ]
    changed = [{key for key in old if old[key] != new[key]} for old, new in pairwise(runs)]
    assert changed == [{"split", "balance"}, {"augmentation", "schedule"}, {"model"}]
    optimizer = {"name": "adam", "learning_rate": 1e-4, "weight_decay": 0.0}
    assert all(run["optimizer"] == optimizer for run in runs)
    assert all(
        (run["schedule"]["max_epochs"], run["schedule"]["early_stopping"], run["seed"]) == (50, 5, 42)
        for run in runs
    )
    assert [run["schedule"]["batch_size"] for run in runs] == [32, 32, 16, 16]
    assert [run["model"]["options"]["filters"] for run in runs] == [[32, 64, 128]] * 3 + [[64, 128, 256]]


def test_overrides_reach_into_sections(file: Path) -> None:
    experiment = load_experiment(
        file, ["schedule.batch_size=8", "balance=oversample", "model.options={dense: 4}", "seed=7"]
    )
    assert (experiment.schedule.batch_size, experiment.balance, experiment.seed) == (8, Balance.OVERSAMPLE, 7)
    assert experiment.model.options == {"dense": 4}


def test_all_faults_are_reported_at_once_with_key_value_and_remedy(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_experiment(
            file,
            [
                "schedule.batchsize=8",
                "optimizer.learning_rate=-1",
                "image_size=many",
                "split.kind=random",
                "colour=1",
            ],
        )
    message = str(caught.value)
    assert "5 faults" in message
    assert "schedule.batchsize: 8: unknown key; did you mean 'batch_size'?" in message
    assert "optimizer.learning_rate: -1: must be a number above 0 and of at most 1" in message
    assert "image_size: 'many'" in message
    assert "split.kind: 'random': must be exactly one of official, fractions, fold, source" in message
    assert "colour: 1: unknown key; known here: augmentation, balance" in message


@pytest.mark.parametrize("value", ["[undersample, class_weights]", "{undersample: 1, oversample: 1}"])
def test_two_balance_strategies_at_once_are_refused(file: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="must be exactly one of none, "):
        load_experiment(file, [f"balance={value}"])


def test_a_split_key_without_effect_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="folds has no effect with kind official"):
        load_experiment(file, ["split={kind: official, folds: 3}"])
    with pytest.raises(ConfigError, match="fold 5 does not exist among 5"):
        load_experiment(file, ["split.fold=5"])
    with pytest.raises(ConfigError, match="holdout_fold has no effect with kind fold"):
        load_experiment(file, ["split={kind: fold, folds: 3, holdout_fold: 2}"])
    with pytest.raises(ConfigError, match="fold 3 does not exist among 3"):
        load_experiment(file, ["split={kind: official, folds: 3, holdout_fold: 3}"])


@pytest.mark.parametrize("key", ["training_size", "crop_size"])
def test_another_side_in_training_needs_crops(file: Path, key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} 256 needs random crops; set augmentation.crop below 1"):
        load_experiment(file, [f"{key}=256", "augmentation.crop=1"])


@pytest.mark.parametrize("override", ["seed", "=3", "name.x=1", "seed=[1"])
def test_bad_overrides_are_quoted(file: Path, override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        load_experiment(file, [override])


@pytest.mark.parametrize(
    ("content", "message"), [("a: [", "not a YAML"), ("- 1", "must be a mapping"), ("", "name: is missing")]
)
def test_what_is_no_experiment_is_refused(file: Path, content: str, message: str) -> None:
    file.write_text(content)
    with pytest.raises(ConfigError, match=message):
        load_experiment(file)
    with pytest.raises(ConfigError, match="no such experiment"):
        load_experiment(file.with_name("other.yaml"))


def test_missing_keys_are_named(file: Path) -> None:
    file.write_text("name: x\n")
    with pytest.raises(ConfigError) as caught:
        load_experiment(file)
    assert "split: is missing" in str(caught.value)
    assert "model: is missing" in str(caught.value)
