"""Train a run: from an experiment to trained weights, with Lightning's loop; resumable."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerStatus
from rich.console import Console

from neumo.core.errors import CheckpointError, ConfigError
from neumo.core.progress import Progress
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split, thin_findings
from neumo.models.registry import build_network, load_pretrained
from neumo.models.weights import NetworkCard, TrainedNetwork, take_mean_weights
from neumo.texts.catalogue import texts
from neumo.texts.language import chosen_language
from neumo.training.allocator import computes_in_bfloat16, prepare_processor
from neumo.training.augmentation import random_augmentation
from neumo.training.callbacks import EpochLines, History, KeptWeights, ResumePoint
from neumo.training.config import Experiment
from neumo.training.distillation import Teachers, load_teachers
from neumo.training.earlier_run import earlier_run
from neumo.training.interrupt import StopBetweenBatches
from neumo.training.material import Material, load_material, make_split
from neumo.training.module import Classifier
from neumo.training.run_folder import RunFolder, create_run, now
from neumo.training.trainer import quiet_lightning, run_trainer


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    folder : RunFolder
    status : str
        "finished", or "interrupted" when it was stopped and can be resumed.
    epochs : int
        Epochs done.
    best_epoch : int
        Epoch (from 1) whose weights were kept: the one with the lowest validation loss, or the last. 0 if
        there is none.
    best_val_loss : float
    """

    folder: RunFolder
    status: str
    epochs: int
    best_epoch: int
    best_val_loss: float


def train(
    experiment: Experiment,
    data: Path,
    out: Path,
    *,
    resume: bool = False,
    console: Console | None = None,
    decoding: Progress | None = None,
    devices: str | int = "auto",
    nodes: int = 1,
    before_first_step: Callable[[], None] | None = None,
) -> Outcome:
    """Train a run into the folder `out`, or go on with the one that lies there.

    Parameters
    ----------
    experiment : Experiment
        What to do.
    data : Path
        Data set folder or manifest.
    out : Path
        Folder of the run.
    resume : bool
        Go on after the last finished epoch. On a CPU this ends at the same weights as an uninterrupted run.
    console : Console, optional
        Where progress goes; silent without one.
    decoding : callable, optional
        Called with (images decoded, images in all) when the pixel cache has to be made.
    devices, nodes : str or int, int
        Passed to Lightning.
    before_first_step : callable, optional
        Called once when the loop is ready to start.

    Raises
    ------
    ConfigError
        The folder holds a run and `resume` is not set, or the run there is of another experiment.
    DatasetError, SplitError
        The data cannot be used or do not allow this split.
    CheckpointError
        The run cannot be resumed.
    OutputError
        The disk is full or not writable; the last resume point is kept.
    """
    threads = prepare_processor()
    manifest = open_dataset(data)
    folder = RunFolder(out)
    begun = resume and folder.record_file.exists()
    if begun:
        _require_same_run(folder, experiment, manifest)
        split = folder.split(manifest)
        if folder.record()["status"] == "finished":
            return _outcome(folder)
    else:
        split = make_split(manifest, experiment.split, experiment.seed)
    _warn_of_thin_validation(console, manifest, split)
    teachers = load_teachers(experiment, manifest, split)
    start = [
        earlier_run(Path(path), "model.start", experiment, manifest, split) for path in experiment.model.start
    ]
    material = load_material(experiment, manifest, split, decoding=decoding)
    if not begun:
        folder = create_run(out, experiment, data, manifest, split)
    precision = _precision(experiment)
    folder.update(
        status="running",
        precision=precision,
        threads=threads,
        training_images=dict(material.training_images),
        validation_images=dict(material.validation_images),
        teachers=list(teachers.sha256) if teachers else [],
        start=[one.sha256 for one in start],
    )
    history = History(folder.history_file)
    model = experiment.model
    card = NetworkCard(
        model.name, model.options, experiment.image_size, experiment.intensity, experiment.field_of_view
    )
    kept = KeptWeights(folder.path, card, experiment.schedule.keep)
    callbacks: list[Callback] = [history, kept, *_shown(console, history, material.draws)]
    if experiment.schedule.early_stopping is not None:
        callbacks.insert(0, EarlyStopping("val_loss", patience=experiment.schedule.early_stopping))
    if before_first_step is not None:
        callbacks.append(_Ready(before_first_step))
    interrupt = StopBetweenBatches()
    began = time.monotonic()
    with quiet_lightning():
        trainer = L.Trainer(
            accelerator="auto",
            devices=devices,
            num_nodes=nodes,
            precision=precision,  # type: ignore[arg-type]
            max_epochs=experiment.schedule.max_epochs,
            logger=TensorBoardLogger(folder.path, name="", version="tensorboard", default_hp_metric=False),
            callbacks=[*callbacks, ResumePoint(folder.resume_file), interrupt],
            enable_progress_bar=console is not None and console.is_terminal,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1_000_000,
        )
        with interrupt.listening():
            run_trainer(trainer, _classifier(experiment, material, teachers, start), material.batches, folder)
    finished = trainer.state.status == TrainerStatus.FINISHED
    folder.update(
        status="finished" if finished else "interrupted",
        ended=now(),
        seconds=round(folder.record().get("seconds", 0) + time.monotonic() - began, 1),
        epochs=len(history.rows),
        best_epoch=kept.epoch,
        best_val_loss=kept.loss if kept.epoch else None,
    )
    if finished and trainer.is_global_zero:
        shutil.rmtree(folder.resume_file.parent, ignore_errors=True)
    return _outcome(folder)


def _classifier(
    experiment: Experiment, material: Material, teachers: Teachers | None, start: Sequence[TrainedNetwork]
) -> Classifier:
    torch.manual_seed(experiment.seed)
    network = build_network(experiment.model.name, experiment.model.options, experiment.image_size)
    if experiment.model.pretrained:
        load_pretrained(network, experiment.model.name)
    if start:
        take_mean_weights(network, start, "model.start")
    crop_size = experiment.crop_size or experiment.image_size
    if crop_size != experiment.image_size:
        _require_same_network(network, experiment, crop_size)
    weights, priors = material.class_weights, material.log_priors
    return Classifier(
        network.to(memory_format=torch.channels_last),  # type: ignore[call-overload]
        random_augmentation(experiment.augmentation, crop_size, experiment.intensity),
        experiment.optimizer,
        experiment.schedule,
        class_weights=None if weights is None else torch.from_numpy(weights),
        log_priors=None if priors is None else torch.from_numpy(priors),
        partial=material.partial,
        label_smoothing=experiment.label_smoothing,
        neither=experiment.other_abnormal,
        teachers=teachers,
        seed=experiment.seed,
    )


def _require_same_network(network: torch.nn.Module, experiment: Experiment, crop_size: int) -> None:
    """Only a network whose weights do not depend on the side of its input can read another side than it saw."""
    other = build_network(experiment.model.name, experiment.model.options, crop_size)
    shapes, others = ({key: value.shape for key, value in n.state_dict().items()} for n in (network, other))
    if shapes != others:
        raise ConfigError(
            "crop_size {crop_size}: the weights of {name} fit one side only; leave crop_size "
            "out, or make it image_size ({image_size})",
            crop_size=crop_size,
            name=experiment.model.name,
            image_size=experiment.image_size,
        )


class _Ready(Callback):
    def __init__(self, notify: Callable[[], None]) -> None:
        self.notify = notify
        self.told = False

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: object, batch_idx: int
    ) -> None:
        if not self.told:
            self.told = True
            self.notify()


def _warn_of_thin_validation(console: Console | None, manifest: Manifest, split: Split) -> None:
    counts = thin_findings(manifest.entries[i].label for i in split.indices("val", manifest))
    if counts and console is not None:
        said = ", ".join(f"{finding} {count}" for finding, count in counts.items())
        sentence = texts(chosen_language())("dataset_check.thin_validation", counts=said)
        console.print(sentence, style="yellow", soft_wrap=True, markup=False)


def _shown(console: Console | None, history: History, images: int) -> list[Callback]:
    if console is None:
        return []
    bars: list[Callback] = [RichProgressBar(leave=False)] if console.is_terminal else []
    return [*bars, EpochLines(console, history, images)]


def _outcome(folder: RunFolder) -> Outcome:
    record = folder.record()
    loss = record.get("best_val_loss")
    return Outcome(
        folder=folder,
        status=record["status"],
        epochs=record["epochs"],
        best_epoch=record["best_epoch"],
        best_val_loss=float("nan") if loss is None else loss,
    )


def _precision(experiment: Experiment) -> str:
    if experiment.schedule.precision != "auto":
        return experiment.schedule.precision
    return "bf16-mixed" if computes_in_bfloat16() else "32-true"


def _require_same_run(folder: RunFolder, experiment: Experiment, manifest: Manifest) -> None:
    if folder.experiment() != experiment:
        raise ConfigError(
            "{path}: holds a run of another experiment (see its experiment.yaml); choose another "
            "folder with --out",
            path=folder.path,
        )
    digest = folder.record()["data"]["digest"]
    if digest != manifest.digest:
        raise CheckpointError(
            "{path}: was begun on other data than {root}; give the same data set",
            path=folder.path,
            root=manifest.root,
        )
