import csv
import io
import json
import signal
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from neumo.core.errors import CheckpointError, ConfigError, DatasetError, OutputError
from neumo.datasets.layout import open_dataset
from neumo.datasets.split import load_split
from neumo.models.weights import load_network
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.predict import class_maps, predict_part
from neumo.training.run_folder import RunFolder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open() as stream:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def test_a_run_leaves_everything_that_repeats_and_explains_it(
    tiny: Path, phantoms: Path, tmp_path: Path
) -> None:
    shown = Console(file=io.StringIO())
    outcome = train(load_experiment(tiny), phantoms, tmp_path / "run", console=shown)
    assert isinstance(shown.file, io.StringIO)
    assert "cannot choose an epoch" in shown.file.getvalue(), "the phantoms' validation part is small"
    folder = outcome.folder
    record = folder.record()
    history = rows(folder.path)
    losses = [float(row["val_loss"]) for row in history]
    assert outcome.status == record["status"] == "finished"
    assert outcome.best_epoch == 1 + int(np.argmin(losses))
    assert outcome.best_val_loss == pytest.approx(min(losses))
    assert len(history) == outcome.epochs
    assert load_split(folder.path / "split.json").digest == record["split"]
    assert record["data"]["synthetic"] is True
    assert record["environment"]["packages"]["torch"].startswith("2.")
    assert folder.experiment() == load_experiment(tiny)
    assert sum(record["training_images"].values()) == len(
        load_split(folder.path / "split.json").parts["train"]
    )
    assert any((folder.path / "tensorboard").iterdir())
    assert not [p for p in folder.path.rglob("*") if p.suffix in {".ckpt", ".pt", ".pkl"}], (
        "a finished run holds no pickle"
    )


def test_a_network_can_learn_its_training_images_by_heart(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    experiment = load_experiment(
        tiny,
        [
            "schedule={batch_size: 8, max_epochs: 20, early_stopping: null, plateau: null, precision: 32-true}",
            "model.options={filters: [8, 16], dense: 32, dropout: 0}",
            "augmentation={}",
        ],
    )
    outcome = train(experiment, phantoms, tmp_path / "run")
    first, *_, last = rows(outcome.folder.path)
    assert float(last["train_loss"]) < 0.3 * float(first["train_loss"])
    assert float(last["train_accuracy"]) > 0.9


def test_training_twice_gives_the_same_weights(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(load_experiment(tiny, ["schedule.max_epochs=2"]), phantoms, tmp_path / name)
    assert load_network(tmp_path / "a").sha256 == load_network(tmp_path / "b").sha256
    assert rows(tmp_path / "a") == rows(tmp_path / "b")


@pytest.mark.parametrize("balance", ["undersample", "oversample", "class_weights", "logit_adjustment"])
def test_every_balance_strategy_trains(tiny: Path, phantoms: Path, tmp_path: Path, balance: str) -> None:
    outcome = train(
        load_experiment(tiny, [f"balance={balance}", "schedule.max_epochs=1"]), phantoms, tmp_path / "run"
    )
    counts = outcome.folder.record()["training_images"].values()
    assert outcome.epochs == 1
    if balance in {"undersample", "oversample"}:
        assert len(set(counts)) == 1


def test_early_stopping_ends_a_run_that_gets_no_better(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    experiment = load_experiment(
        tiny,
        [
            "schedule.early_stopping=2",
            "schedule.max_epochs=40",
            "optimizer.learning_rate=0.5",
            "schedule.plateau=null",
        ],
    )
    outcome = train(experiment, phantoms, tmp_path / "run")
    assert outcome.epochs == outcome.best_epoch + 2 < 40


def test_the_learning_rate_falls_on_a_plateau(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    train(load_experiment(tiny, ["optimizer.learning_rate=0.05"]), phantoms, tmp_path / "run")
    rates = [float(row["learning_rate"]) for row in rows(tmp_path / "run")]
    assert rates[0] == pytest.approx(0.05)
    assert rates[-1] < 0.05


def test_predictions_are_probabilities_of_the_named_images(
    tiny: Path, phantoms: Path, tmp_path: Path
) -> None:
    folder = train(load_experiment(tiny, ["schedule.max_epochs=1"]), phantoms, tmp_path / "run").folder
    manifest = folder.dataset()
    predictions = predict_part(folder, manifest, folder.split(manifest), "test")
    truth = {entry.path: entry.finding.index for entry in manifest.entries if entry.split == "test"}
    assert {path: int(t) for path, t in zip(predictions.paths, predictions.truth, strict=True)} == truth
    assert predictions.synthetic
    trained = load_network(folder.path)
    pixels = np.broadcast_to(np.arange(64, dtype=np.uint8), (2, 64, 64)).copy()
    maps = class_maps(trained, pixels)
    assert maps.shape[:2] == (2, 3)
    assert np.isfinite(maps).all()


def test_a_second_run_never_overwrites_the_first(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    experiment = load_experiment(tiny, ["schedule.max_epochs=1"])
    train(experiment, phantoms, tmp_path / "run")
    with pytest.raises(ConfigError, match="holds a run already"):
        train(experiment, phantoms, tmp_path / "run")
    other = load_experiment(tiny, ["schedule.max_epochs=1", "seed=6"])
    with pytest.raises(ConfigError, match="run of another experiment"):
        train(other, phantoms, tmp_path / "run", resume=True)


def test_smaller_crops_train_only_a_network_that_reads_every_size(
    tiny: Path, phantoms: Path, tmp_path: Path
) -> None:
    settings = ["schedule.max_epochs=1", "augmentation.crop=0.3", "crop_size=32"]
    with pytest.raises(ConfigError, match="crop_size 32: the weights of study_cnn fit one side only"):
        train(load_experiment(tiny, settings), phantoms, tmp_path / "study")
    lite = ["model={name: efficientnet_lite}", *settings]
    folder = train(load_experiment(tiny, lite), phantoms, tmp_path / "lite").folder
    assert load_network(folder.path).card.image_size == 64


def test_resuming_a_finished_run_changes_nothing(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    experiment = load_experiment(tiny, ["schedule.max_epochs=1"])
    first = train(experiment, phantoms, tmp_path / "run")
    before = (tmp_path / "run" / "model.safetensors").stat().st_mtime_ns
    assert train(experiment, phantoms, tmp_path / "run", resume=True) == first
    assert (tmp_path / "run" / "model.safetensors").stat().st_mtime_ns == before


def test_a_run_refuses_other_data_and_an_exchanged_split(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    folder = train(load_experiment(tiny, ["schedule.max_epochs=1"]), phantoms, tmp_path / "run").folder
    other = tmp_path / "other"
    manifest = open_dataset(phantoms)
    for entry in manifest.entries[:-1]:
        (other / entry.path).parent.mkdir(parents=True, exist_ok=True)
        (other / entry.path).write_bytes(manifest.file(entry).read_bytes())
    with pytest.raises(CheckpointError, match="is not the data that"):
        folder.dataset(other)
    record = folder.record()
    folder.record_file.write_text(json.dumps({**record, "split": "0" * 64}))
    with pytest.raises(CheckpointError, match="not the split"):
        folder.split(manifest)


def test_a_resume_point_that_is_a_pickle_with_code_is_not_executed(
    tiny: Path, phantoms: Path, tmp_path: Path
) -> None:
    experiment = load_experiment(tiny, ["schedule.max_epochs=1"])
    folder = train(experiment, phantoms, tmp_path / "run").folder
    folder.update(status="interrupted")
    folder.resume_file.parent.mkdir()
    torch.save({"state_dict": Exploit(tmp_path / "executed")}, folder.resume_file)
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        train(experiment, phantoms, tmp_path / "run", resume=True)
    assert not (tmp_path / "executed").exists()


class Exploit:
    """Makes a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.target,)


def test_an_interrupt_that_other_code_swallows_still_stops_the_run(
    tiny: Path, phantoms: Path, tmp_path: Path
) -> None:
    def swallowing() -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        outcome = train(load_experiment(tiny), phantoms, tmp_path / "run", before_first_step=swallowing)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert outcome.status == "interrupted"


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not the folder of a run"):
        RunFolder(tmp_path).record()
    with pytest.raises(CheckpointError, match="not the folder of a run"):
        RunFolder(tmp_path).experiment()


def test_data_that_leave_a_class_out_of_training_are_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        train(load_experiment(tiny), tmp_path / "nowhere", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_full_disk_ends_with_a_clear_error(
    tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    import lightning as L

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(L.Trainer, "save_checkpoint", full)
    with pytest.raises(OutputError, match=r"No space left on device.*--resume"):
        train(load_experiment(tiny), phantoms, tmp_path / "run")
