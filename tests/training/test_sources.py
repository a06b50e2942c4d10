"""Training on two sources, one of them with partial labels."""

import csv
import signal
from pathlib import Path

import pytest
import torch

from neumo.core.errors import DatasetError
from neumo.datasets.layout import open_dataset
from neumo.datasets.merge import Source, merge
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.models.weights import load_network
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.material import load_material, make_split
from neumo.training.predict import predict_part

SOURCES = ["balance=logit_adjustment", "sampling.over=label_view", "schedule.max_epochs=1"]


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms of two hospitals: the second does not know the cause of a pneumonia, and has other disease."""
    folder = tmp_path_factory.mktemp("hospitals")
    make_phantoms(folder / "home", per_class=12, seed=4, size=64)
    make_phantoms(folder / "away", per_class=12, seed=5, size=64)
    with (folder / "away.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "patient", "view"])
        for number, entry in enumerate(open_dataset(folder / "away").entries):
            label = (
                "OTHER_ABNORMAL"
                if number % 7 == 0
                else "NORMAL"
                if entry.finding == "NORMAL"
                else "PNEUMONIA"
            )
            writer.writerow(
                [f"away/{entry.path}", label, f"away:{entry.patient}", "AP" if number % 3 else "PA"]
            )
    merge([Source(folder / "home"), Source(folder / "away.csv")], folder / "both.csv")
    return folder / "both.csv"


def test_a_run_learns_from_both_and_leaves_other_disease_out(
    tiny: Path, merged: Path, tmp_path: Path
) -> None:
    experiment = load_experiment(tiny, [*SOURCES, "split={kind: fold, folds: 3}"])
    folder = train(experiment, merged, tmp_path / "run").folder
    manifest = open_dataset(merged)
    split = folder.split(manifest)
    record = folder.record()
    learnt = [manifest.entries[i].label.value for i in split.indices("train", manifest)]
    assert record["training_images"]["PNEUMONIA"] == learnt.count("PNEUMONIA") > 0
    assert "OTHER_ABNORMAL" not in record["training_images"]
    assert {manifest.entries[i].source for i in split.indices("val", manifest)} == {"home", "away"}
    predictions = predict_part(folder, manifest, split, "val")
    complete = [i for i in split.indices("val", manifest) if manifest.entries[i].is_complete]
    assert len(predictions) == len(complete) < len(split.indices("val", manifest))
    assert set(predictions.attributes["source"]) == {"home", "away"}


def test_a_resumed_run_on_two_sources_ends_where_an_unbroken_one_does(
    tiny: Path, merged: Path, tmp_path: Path
) -> None:
    settings = [*SOURCES[:2], "schedule.max_epochs=2", "split={kind: fold, folds: 3}"]
    experiment = load_experiment(tiny, settings)
    whole = train(experiment, merged, tmp_path / "whole").folder
    stopped = train(
        experiment, merged, tmp_path / "again", before_first_step=lambda: signal.raise_signal(signal.SIGINT)
    )
    assert stopped.status == "interrupted"
    again = train(experiment, merged, tmp_path / "again", resume=True).folder
    assert load_network(whole.path).sha256 == load_network(again.path).sha256


def test_a_run_learns_from_one_hospital_for_another(tiny: Path, merged: Path, tmp_path: Path) -> None:
    for source in ("home", "away"):
        settings = [*SOURCES, f"split={{kind: source, source: {source}}}"]
        folder = train(load_experiment(tiny, settings), merged, tmp_path / source).folder
        manifest = open_dataset(merged)
        held_out = folder.split(manifest).indices("val", manifest)
        assert {manifest.entries[i].source for i in held_out} == {source}


def test_priors_and_draws_of_a_run_are_those_of_its_sources(tiny: Path, merged: Path) -> None:
    manifest = open_dataset(merged)
    experiment = load_experiment(tiny, [*SOURCES, "split={kind: fold, folds: 3}"])
    material = load_material(experiment, manifest, make_split(manifest, experiment.split, 1))
    assert material.partial
    assert material.log_priors is not None
    assert material.log_priors.shape == (2, 3)
    images, labels, sources = next(iter(material.batches.train_dataloader()))
    assert images.shape[1:] == (1, 64, 64)
    assert labels.dtype == sources.dtype == torch.int64
    drawn = [int(label) for _, batch, _ in material.batches.train_dataloader() for label in batch]
    assert len(drawn) == len(material.batches.order)
    assert 4 not in drawn


@pytest.mark.parametrize("source", ["home", "away"])
def test_images_of_one_hospital_are_held_out_and_not_trained_on(
    tiny: Path, merged: Path, source: str
) -> None:
    without = f"split={{kind: fold, folds: 3, train_without: [{{attribute: source, value: {source}}}]}}"
    experiment = load_experiment(tiny, [*SOURCES, without])
    manifest = open_dataset(merged)
    split = make_split(manifest, experiment.split, 1)
    material = load_material(experiment, manifest, split)
    drawn = {int(code) for _, _, codes in material.batches.train_dataloader() for code in codes}
    assert drawn == {0 if source == "home" else 1}, "codes of sources, away and home"
    assert {manifest.entries[i].source for i in split.indices("val", manifest)} == {"home", "away"}


@pytest.mark.parametrize("balance", ["class_weights", "undersample"])
def test_balances_that_count_findings_refuse_partial_labels(
    tiny: Path, merged: Path, tmp_path: Path, balance: str
) -> None:
    experiment = load_experiment(tiny, [f"balance={balance}", "split={kind: fold, folds: 3}"])
    with pytest.raises(DatasetError, match="some labels here are partial"):
        train(experiment, merged, tmp_path / "run")
    assert not (tmp_path / "run").exists(), "a run that cannot be trained leaves no folder"
