"""What one training step is: Lightning calls it, nothing here knows of files."""

from typing import Any

import lightning as L
import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassPrecision,
    MulticlassRecall,
)

from neumo.core.findings import FINDINGS
from neumo.training.batches import Batch
from neumo.training.config import OptimizerConfig, PlateauConfig


class Classifier(L.LightningModule):
    """A network with its loss, metrics and optimiser (S5, S6).

    Parameters
    ----------
    network : Module
        Logits (N, 3) from images (N, 1, side, side) in 0-1.
    augmentation : Module
        Applied to training batches on the device.
    class_weights, log_priors : tensor of shape (3,) or None
        Of the loss; at most one is given (see `neumo.data.balance`).
    seed : int
        The random numbers of a batch depend on this, the epoch and the batch alone.
    """

    class_weights: torch.Tensor | None
    log_priors: torch.Tensor | None

    def __init__(
        self,
        network: nn.Module,
        augmentation: nn.Module,
        optimizer: OptimizerConfig,
        plateau: PlateauConfig | None,
        *,
        class_weights: torch.Tensor | None = None,
        log_priors: torch.Tensor | None = None,
        seed: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.augmentation = augmentation
        self.settings, self.plateau_settings, self.seed = optimizer, plateau, seed
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.register_buffer("log_priors", log_priors, persistent=False)
        self.train_metrics = _metrics("train_")
        self.val_metrics = _metrics("val_")
        self._plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, 3)."""
        logits: torch.Tensor = self.network(images)
        return logits

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam; the plateau schedule is stepped by this module (see `on_train_epoch_end`)."""
        optimizer = torch.optim.Adam(self.network.parameters(), lr=self.settings.learning_rate, fused=True)
        if self.plateau_settings is not None:
            self._plateau = ReduceLROnPlateau(
                optimizer,
                patience=self.plateau_settings.patience,
                factor=self.plateau_settings.factor,
                min_lr=self.plateau_settings.minimum,
            )
            if self._plateau_state is not None:
                self._plateau.load_state_dict(self._plateau_state)
        return optimizer

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Scale pixels to 0-1 on the device."""
        images, labels = batch
        return images.float().div_(255), labels

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Loss of one augmented batch."""
        images, labels = batch
        self._seed(batch_idx)
        # In single precision: rotation angles lose their meaning in bfloat16.
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            images = self.augmentation(images)
        logits = self(images.to(memory_format=torch.channels_last)).float()
        loss = self._loss(logits, labels)
        self.train_metrics.update(logits.detach().softmax(dim=1), labels)
        self.log(
            "train_loss", loss.detach(), on_step=False, on_epoch=True, batch_size=len(labels), sync_dist=True
        )
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Loss and metrics of one batch."""
        images, labels = batch
        logits = self(images.to(memory_format=torch.channels_last)).float()
        self.val_metrics.update(logits.softmax(dim=1), labels)
        self.log("val_loss", self._loss(logits, labels), batch_size=len(labels), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """Report the validation metrics of the epoch."""
        self.log_dict(self.val_metrics.compute())
        self.val_metrics.reset()

    def on_train_epoch_end(self) -> None:
        """Report the training metrics and step the plateau schedule.

        Lightning would step the schedule after it has written the epoch's checkpoint, and a resumed run
        would miss that step; here it is done before.
        """
        self.log_dict(self.train_metrics.compute())
        self.train_metrics.reset()
        self.log("learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
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

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if self.log_priors is not None and self.trainer.training:
            logits = logits + self.log_priors
        return nn.functional.cross_entropy(logits, labels, weight=self.class_weights)


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
