"""The Lightning module: training and validation step, loss, metrics, optimiser. Nothing here knows of files."""

from typing import Any

import lightning as L
import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassPrecision,
    MulticlassRecall,
)

from neumo.core.findings import FINDINGS
from neumo.core.labels import ALLOWED
from neumo.training.batches import Batch
from neumo.training.config import OptimizerConfig, ScheduleConfig
from neumo.training.distillation import Teachers
from neumo.training.partial_loss import partial_cross_entropy


class Classifier(L.LightningModule):
    """A network with its loss, metrics and optimiser (S5, S6).

    Parameters
    ----------
    network : Module
        Logits (N, 3) from images (N, 1, side, side) in 0-1.
    augmentation : Module
        Applied to training batches on the device.
    occlusion : Module
        Applied after `augmentation` to what the network sees; teachers see the images without it.
    optimizer, schedule
        See `neumo.training.config`.
    class_weights : tensor of shape (3,), optional
        Of the loss; not with `log_priors` or partial labels.
    log_priors : tensor of shape (S, 3), optional
        Of each source, added to the logits in training (see `neumo.datasets.balance`).
    partial : bool
        Whether some labels are partial.
    label_smoothing : float
        Share of each training label spread over all classes, 0-1.
    neither : float
        Weight of images whose label allows no finding (see `neumo.training.partial_loss`); with partial labels.
    teachers : Teachers, optional
        Networks whose probabilities are part of the training targets (distillation).
    seed : int
        The random numbers of a batch depend on this, the epoch and the batch alone.
    """

    class_weights: torch.Tensor | None
    log_priors: torch.Tensor | None
    allowed: torch.Tensor

    def __init__(
        self,
        network: nn.Module,
        augmentation: nn.Module,
        optimizer: OptimizerConfig,
        schedule: ScheduleConfig,
        *,
        occlusion: nn.Module,
        class_weights: torch.Tensor | None = None,
        log_priors: torch.Tensor | None = None,
        partial: bool = False,
        label_smoothing: float = 0.0,
        neither: float = 0.0,
        teachers: Teachers | None = None,
        seed: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.augmentation, self.occlusion = augmentation, occlusion
        self.settings, self.schedule, self.seed = optimizer, schedule, seed
        self.label_smoothing, self.teachers, self.partial = label_smoothing, teachers, partial
        self.neither = neither
        self.average = _moving_average(network, schedule.averaging)
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.register_buffer("log_priors", log_priors, persistent=False)
        self.register_buffer("allowed", torch.from_numpy(ALLOWED), persistent=False)
        self.train_loss, self.train_metrics = _mean_loss(), _metrics("train_")
        self.val_loss, self.val_metrics = _mean_loss(), _metrics("val_")
        self._plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None

    @property
    def evaluated(self) -> nn.Module:
        """The network that is validated and kept: the moving average where there is one."""
        network: nn.Module = self.network if self.average is None else self.average.module
        return network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, 3)."""
        logits: torch.Tensor = (self.network if self.training else self.evaluated)(images)
        return logits

    def configure_optimizers(self) -> Any:
        """Optimiser and one-cycle schedule; the plateau schedule is stepped here (see `on_train_epoch_end`)."""
        rate, plateau = self.settings.learning_rate, self.schedule.plateau
        if self.settings.name == "adam":
            optimizer = torch.optim.Adam(self.network.parameters(), lr=rate, fused=True)
        else:
            groups = _decayed_or_not(self.network, self.settings.weight_decay)
            optimizer = torch.optim.AdamW(groups, lr=rate, fused=True)
        if self.schedule.one_cycle:
            steps = int(self.trainer.estimated_stepping_batches)
            # The rise must last longer than the first step, or a run of a few steps divides by zero.
            rise = min(max(0.25, 1.5 / steps), 0.75)
            cycle = OneCycleLR(optimizer, rate, total_steps=max(steps, 3), pct_start=rise)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
        if plateau is not None:
            self._plateau = ReduceLROnPlateau(
                optimizer, patience=plateau.patience, factor=plateau.factor, min_lr=plateau.minimum
            )
            if self._plateau_state is not None:
                self._plateau.load_state_dict(self._plateau_state)
        return optimizer

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Scale pixels to 0-1 on the device; validation images come scaled as reading scales them."""
        images, labels, sources = batch
        return images.float().div_(255) if images.dtype == torch.uint8 else images, labels, sources

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Take the new weights into the moving average."""
        if self.average is not None:
            self.average.update_parameters(self.network)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Loss of one augmented batch."""
        images, labels, sources = batch
        self._seed(batch_idx)
        # In single precision: rotation angles lose their meaning in bfloat16.
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            images = self.augmentation(images)
            seen = self.occlusion(images)
        images, seen = (one.to(memory_format=torch.channels_last) for one in (images, seen))
        logits = self(seen).float()
        priors = None if self.log_priors is None else self.log_priors[sources]
        loss, weight = self._training_loss(
            logits if priors is None else logits + priors, images, labels, priors
        )
        self._update(self.train_metrics, logits.detach(), labels)
        self.train_loss.update(loss.detach(), weight)
        return loss if self.trainer.world_size == 1 else loss * self._share(weight)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Loss and metrics of one batch."""
        images, labels, _ = batch
        logits = self(images.to(memory_format=torch.channels_last)).float()
        self._update(self.val_metrics, logits, labels)
        self.val_loss.update(*self._label_loss(logits, labels))

    def on_validation_epoch_end(self) -> None:
        """Report the validation metrics of the epoch."""
        self._report("val_loss", self.val_loss, self.val_metrics)

    def on_train_epoch_end(self) -> None:
        """Report the training metrics and step the plateau schedule.

        Lightning would step the schedule after it has written the epoch's checkpoint, and a resumed run
        would miss that step; here it is done before.
        """
        self._report("train_loss", self.train_loss, self.train_metrics)
        self.log("learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"], sync_dist=True)
        if self._plateau is not None:
            self._plateau.step(float(self.trainer.callback_metrics["val_loss"]))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the plateau schedule's state for resuming."""
        if self._plateau is not None:
            checkpoint["plateau"] = self._plateau.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the plateau schedule's state up again."""
        self._plateau_state = checkpoint.get("plateau")

    def _seed(self, batch_idx: int) -> None:
        """Make augmentation and dropout depend on seed, epoch and batch alone: a resumed run draws the same."""
        key = (self.seed, self.current_epoch, batch_idx, self.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))

    def _share(self, weight: torch.Tensor) -> torch.Tensor:
        """Factor of this process's mean, so that the mean gradient of all processes is that of the whole batch."""
        mean = self.trainer.strategy.reduce(weight.clone(), reduce_op="mean")
        return weight / mean.clamp(min=torch.finfo(weight.dtype).tiny)

    def _training_loss(
        self, logits: torch.Tensor, images: torch.Tensor, labels: torch.Tensor, priors: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean loss to the labels and to the teachers' probabilities, and the weight that it is the mean over."""
        label_loss, weight = self._label_loss(logits, labels, self.label_smoothing)
        if self.teachers is None:
            return label_loss, weight
        soft = self.teachers.probabilities(images, priors)
        if self.partial:
            soft_loss = nn.functional.cross_entropy(logits, soft, label_smoothing=self.label_smoothing)
            return self.teachers.share * soft_loss + (1 - self.teachers.share) * label_loss, weight
        targets = self.teachers.targets(soft, labels)
        loss = nn.functional.cross_entropy(
            logits, targets, weight=self.class_weights, label_smoothing=self.label_smoothing
        )
        return loss, logits.new_tensor(len(labels))

    def _label_loss(
        self, logits: torch.Tensor, labels: torch.Tensor, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean cross entropy to label codes (N,), and the weight that it is the mean over."""
        if self.partial:
            return partial_cross_entropy(logits, self.allowed[labels], label_smoothing, neither=self.neither)
        loss = nn.functional.cross_entropy(
            logits, labels, weight=self.class_weights, label_smoothing=label_smoothing
        )
        weights = self.class_weights
        return loss, logits.new_tensor(len(labels)) if weights is None else weights[labels].sum()

    def _report(self, name: str, loss: MeanMetric, metrics: MetricCollection) -> None:
        """Log an epoch's loss and metrics over the images of all processes, and begin the next epoch's."""
        # Each process has the same values; their mean spares a warning.
        self.log_dict({name: loss.compute(), **metrics.compute()}, sync_dist=True)
        loss.reset()
        metrics.reset()

    def _update(self, metrics: MetricCollection, logits: torch.Tensor, labels: torch.Tensor) -> None:
        """Update the metrics of an epoch; images with partial labels are left out."""
        if self.partial:
            complete = labels < len(FINDINGS)
            logits, labels = logits[complete], labels[complete]
            if not len(labels):
                return
        metrics.update(logits.softmax(dim=1), labels)


def _moving_average(network: nn.Module, decay: float | None) -> AveragedModel | None:
    if decay is None:
        return None
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)  # type: ignore[no-untyped-call]
    return average.requires_grad_(False)  # else processes would wait for its gradients


def _decayed_or_not(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Convolution and linear weights decay; biases and normalisation, which have one dimension, do not."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _mean_loss() -> MeanMetric:
    return MeanMetric(nan_strategy="disable")  # else a diverged run would look well


def _metrics(prefix: str) -> MetricCollection:
    classes = len(FINDINGS)
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "precision": MulticlassPrecision(classes, average="macro"),
            "recall": MulticlassRecall(classes, average="macro"),
            # Binned, so that its memory does not grow with the data set (error below 0.005).
            "auc": MulticlassAUROC(classes, thresholds=200),
        },
        prefix=prefix,
    )
