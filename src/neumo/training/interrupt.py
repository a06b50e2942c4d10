"""Ctrl-C (SIGINT) handled between two batches, where nothing can swallow it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import lightning as L
from lightning.pytorch.callbacks import Callback


class StopBetweenBatches(Callback):
    """Turn SIGINT into a KeyboardInterrupt at the next boundary of a batch.

    Python raises the exception wherever the main thread happens to be, also inside a finaliser or a call from C++,
    where it is reported or dropped and training would go on. A second SIGINT is raised at once.
    """

    def __init__(self) -> None:
        self._asked = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Catch SIGINT inside the block; where it is ignored, or away from the main thread, change nothing."""
        before = signal.getsignal(signal.SIGINT)
        ours = threading.current_thread() is threading.main_thread() and before is signal.default_int_handler
        if ours:
            signal.signal(signal.SIGINT, self._ask)
        try:
            yield
        finally:
            if ours:
                signal.signal(signal.SIGINT, before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(number, signal.default_int_handler)

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Stop before a training batch, all processes before the same one."""
        asked = self._asked  # not overwritten by the others' answer: a signal may come while they are asked
        if trainer.world_size > 1:
            asked = trainer.strategy.reduce_boolean_decision(asked, all=False)
        self._stop_if(asked)

    def on_validation_batch_start(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        batch: object,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Stop before a validation batch; several processes, which may have different numbers of them, go on."""
        if trainer.world_size == 1:
            self._stop_if(self._asked)

    def _stop_if(self, asked: bool) -> None:
        if asked:
            self._asked = False
            raise KeyboardInterrupt
