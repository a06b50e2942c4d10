"""Callbacks at the end of an epoch: metrics history, kept weights, progress line, checkpoint to resume from.

All derive from Lightning's Checkpoint class only so that Lightning calls them after the metrics of the
epoch exist, and in the order in which they are given.
"""

import csv
import io
import time
from pathlib import Path
from typing import Any, Literal

import lightning as L
from lightning.pytorch.callbacks import Checkpoint
from rich.console import Console

from neumo.core.files import publish, write_text
from neumo.models.weights import NetworkCard, save_network
from neumo.texts.translation import said
from neumo.training.module import Classifier

COLUMNS = (
    "epoch",
    *(
        f"{part}_{name}"
        for part in ("train", "val")
        for name in ("loss", "accuracy", "precision", "recall", "auc")
    ),
    "learning_rate",
    "seconds",
)


class History(Checkpoint):
    """Metrics of every epoch, in metrics.csv and in the checkpoint."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.rows: list[dict[str, float]] = []
        self._started = 0.0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the epoch's clock."""
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Add the epoch's row and write the file anew."""
        row = {name: float(trainer.callback_metrics[name]) for name in COLUMNS[1:-1]}
        row = {"epoch": float(trainer.current_epoch + 1), **row, "seconds": time.monotonic() - self._started}
        self.rows.append(row)
        if trainer.is_global_zero:
            buffer = io.StringIO()
            writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row, "epoch": int(row["epoch"])} for row in self.rows)
            write_text(self.target, buffer.getvalue())

    def state_dict(self) -> dict[str, Any]:
        """Rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows up again."""
        self.rows = list(state_dict["rows"])


class KeptWeights(Checkpoint):
    """Weights of the epoch with the lowest validation loss, or of the last epoch, as safetensors."""

    def __init__(self, folder: Path, card: NetworkCard, keep: Literal["best", "last"]) -> None:
        self.folder, self.card, self.keep = folder, card, keep
        self.loss = float("inf")
        self.epoch = 0

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Keep the weights where the validation loss is the lowest so far, or always."""
        loss = float(trainer.callback_metrics["val_loss"])
        if self.keep == "last" or loss < self.loss:
            self.loss, self.epoch = loss, trainer.current_epoch + 1
            if trainer.is_global_zero and isinstance(pl_module, Classifier):
                save_network(pl_module.evaluated, self.folder, self.card)

    def state_dict(self) -> dict[str, Any]:
        """Best loss and epoch so far."""
        return {"loss": self.loss, "epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take them up again."""
        self.loss, self.epoch = state_dict["loss"], state_dict["epoch"]


class EpochLines(Checkpoint):
    """Progress line of each epoch: metrics, images per second and the most time that can be left."""

    def __init__(self, console: Console, history: History) -> None:
        self.console, self.history, self._images = console, history, 0

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the images of the epoch."""
        self._images += len(batch[1]) * trainer.world_size

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Print the line."""
        images, self._images = self._images, 0
        if not trainer.is_global_zero:
            return
        row, last = self.history.rows[-1], trainer.max_epochs or 0
        left = (last - row["epoch"]) * row["seconds"] / 60
        self.console.print(
            said(
                "epoch {epoch:.0f}/{last}  loss {train_loss:.4f} / {val_loss:.4f}  "
                "accuracy {train_accuracy:.3f} / {val_accuracy:.3f}  AUC {train_auc:.3f} / {val_auc:.3f} "
                "(train / validation)  {rate:.1f} images/s, {seconds:.0f} s, at most {left:.0f} min left",
                epoch=row["epoch"],
                last=last,
                train_loss=row["train_loss"],
                val_loss=row["val_loss"],
                train_accuracy=row["train_accuracy"],
                val_accuracy=row["val_accuracy"],
                train_auc=row["train_auc"],
                val_auc=row["val_auc"],
                rate=images / row["seconds"],
                seconds=row["seconds"],
                left=left,
            ),
            soft_wrap=True,
        )


class ResumePoint(Checkpoint):
    """Checkpoint of the last finished epoch, replaced atomically."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write beside, then rename: a kill at any moment leaves the last whole state."""
        beside = self.target.with_suffix(".new")
        trainer.save_checkpoint(beside)
        if trainer.is_global_zero:
            publish(beside, self.target)
