"""Train a run: from an experiment to trained weights, with Lightning's loop; resumable."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerStatus
from rich.console import Console

from neumo.core.errors import ConfigError
from neumo.core.progress import Progress
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split, thin_findings
from neumo.models.registry import build_network, load_pretrained
from neumo.models.weights import NetworkCard, take_mean_weights
from neumo.texts.catalogue import texts
from neumo.texts.language import chosen_language
from neumo.training.allocator import computes_in_bfloat16, prepare_processor
from neumo.training.augmentation import random_augmentation
from neumo.training.callbacks import EpochLines, History, KeptWeights, ResumePoint
from neumo.training.config import Experiment
from neumo.training.interrupt import StopBetweenBatches
from neumo.training.module import Classifier
from neumo.training.normalisation_statistics import recompute_statistics, require_batch_normalisation
from neumo.training.occlusion import RandomOcclusion
from neumo.training.processes import decided_by_leader, trainer_of_processes
from neumo.training.run_folder import RunFolder, now
from neumo.training.shared_normalisation import share_normalisation
from neumo.training.start import Start, begin_run, join_run, require_same_run
from neumo.training.trainer import quiet_lightning, run_trainer


@dataclass(frozen=True)
class Outcome:
    """Outcome of a training run.

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
    leads : bool
        Whether this process is the one that writes and speaks, of several that train together.
    """

    folder: RunFolder
    status: str
    epochs: int
    best_epoch: int
    best_val_loss: float
    leads: bool = True


def train(
    experiment: Experiment,
    data: Path,
    out: Path,
    *,
    resume: bool = False,
    console: Console | None = None,
    decoding: Progress | None = None,
    devices: str | int = "auto",
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
    devices : str or int
        "auto", or how many of this machine; torchrun and srun say it themselves.
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
    precision = _precision(experiment)
    history = History(folder.history_file)
    kept = KeptWeights(folder.path, _card(experiment), experiment.schedule.keep)
    interrupt = StopBetweenBatches()
    callbacks: list[Callback] = [history, kept, *_shown(console, history)]
    if experiment.schedule.early_stopping is not None:
        callbacks.insert(0, EarlyStopping("val_loss", patience=experiment.schedule.early_stopping))
    if before_first_step is not None:
        callbacks.append(_Ready(before_first_step))
    began = time.monotonic()
    with quiet_lightning():
        trainer = trainer_of_processes(
            devices,
            precision=precision,
            max_epochs=experiment.schedule.max_epochs,
            logger=TensorBoardLogger(folder.path, name="", version="tensorboard", default_hp_metric=False),
            callbacks=[*callbacks, ResumePoint(folder.resume_file), interrupt],
            enable_progress_bar=console is not None and console.is_terminal,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1_000_000,
        )
        leads = trainer.is_global_zero
        if resume and folder.record_file.exists():
            require_same_run(folder, experiment, manifest)
            if folder.record()["status"] == "finished":
                return _outcome(folder, leads)

        def begin() -> Start:
            processes = trainer.world_size
            return begin_run(
                folder, experiment, data, manifest, resume=resume, processes=processes, decoding=decoding
            )

        start = decided_by_leader(trainer, begin) or join_run(folder, experiment, manifest)
        if leads:
            _warn_of_thin_validation(console, manifest, start.split)
            folder.update(
                status="running",
                precision=precision,
                threads=threads,
                processes=trainer.world_size,
                training_images=dict(start.material.training_images),
                validation_images=dict(start.material.validation_images),
                teachers=list(start.teachers.sha256) if start.teachers else [],
                start=[one.sha256 for one in start.earlier],
                imagenet=experiment.model.pretrained
                or any(RunFolder(Path(path)).from_imagenet() for path in experiment.model.start),
            )
        module = _classifier(experiment, start, together=trainer.world_size > 1)
        with interrupt.listening():
            run_trainer(trainer, module, start.material.batches, folder)
    finished = trainer.state.status == TrainerStatus.FINISHED
    if leads:
        if finished and experiment.schedule.statistics_images:
            recompute_statistics(
                folder.path, manifest, start.material.batches, experiment.schedule.statistics_images
            )
        folder.update(
            status="finished" if finished else "interrupted",
            ended=now(),
            seconds=round(folder.record().get("seconds", 0) + time.monotonic() - began, 1),
            epochs=len(history.rows),
            best_epoch=kept.epoch,
            best_val_loss=kept.loss if kept.epoch else None,
        )
        if finished:
            shutil.rmtree(folder.resume_file.parent, ignore_errors=True)
    return Outcome(
        folder=folder,
        status="finished" if finished else "interrupted",
        epochs=len(history.rows),
        best_epoch=kept.epoch,
        best_val_loss=kept.loss if kept.epoch else float("nan"),
        leads=leads,
    )


def _card(experiment: Experiment) -> NetworkCard:
    model = experiment.model
    return NetworkCard(
        model.name, model.options, experiment.image_size, experiment.intensity, experiment.field_of_view
    )


def _classifier(experiment: Experiment, start: Start, *, together: bool) -> Classifier:
    torch.manual_seed(experiment.seed)
    network = build_network(experiment.model.name, experiment.model.options, experiment.image_size)
    if experiment.model.pretrained:
        load_pretrained(network, experiment.model.name)
    if experiment.schedule.statistics_images:
        require_batch_normalisation(network, experiment.model.name)
    if start.earlier:
        take_mean_weights(network, start.earlier, "model.start")
    crop_size = experiment.crop_size or experiment.image_size
    if crop_size != experiment.image_size:
        _require_same_network(network, experiment, crop_size)
    if together:
        share_normalisation(network)
    weights, priors = start.material.class_weights, start.material.log_priors
    return Classifier(
        network.to(memory_format=torch.channels_last),  # type: ignore[call-overload]
        random_augmentation(experiment.augmentation, crop_size, experiment.intensity),
        experiment.optimizer,
        experiment.schedule,
        occlusion=RandomOcclusion(experiment.augmentation.occlusion),
        class_weights=None if weights is None else torch.from_numpy(weights),
        log_priors=None if priors is None else torch.from_numpy(priors),
        partial=start.material.partial,
        label_smoothing=experiment.label_smoothing,
        neither=experiment.other_abnormal,
        teachers=start.teachers,
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


def _shown(console: Console | None, history: History) -> list[Callback]:
    if console is None:
        return []
    bars: list[Callback] = [RichProgressBar(leave=False)] if console.is_terminal else []
    return [*bars, EpochLines(console, history)]


def _outcome(folder: RunFolder, leads: bool) -> Outcome:
    record = folder.record()
    loss = record.get("best_val_loss")
    return Outcome(
        folder=folder,
        status=record["status"],
        epochs=record["epochs"],
        best_epoch=record["best_epoch"],
        best_val_loss=float("nan") if loss is None else loss,
        leads=leads,
    )


def _precision(experiment: Experiment) -> str:
    if experiment.schedule.precision != "auto":
        return experiment.schedule.precision
    return "bf16-mixed" if computes_in_bfloat16() else "32-true"
