"""Lightning's loop as a run needs it: resumed, without its notes, with errors that say what to do."""

import logging
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import lightning as L
from lightning.pytorch.trainer.states import TrainerStatus

from neumo.core.errors import CheckpointError, OutputError
from neumo.training.module import Classifier
from neumo.training.run_folder import RunFolder

# Data are copied from memory, so loader workers would only slow it down; the others are Lightning's notes on itself.
_EXPECTED_WARNINGS = (
    ".*does not have many workers.*",
    ".*LeafSpec.*",
    ".*You have overridden `on_after_batch_transfer`.*",
    ".*smaller than the logging interval.*",
    ".*exists and is not empty.*",
    ".*`srun` command is available.*",
)


def run_trainer(
    trainer: L.Trainer, module: Classifier, batches: L.LightningDataModule, folder: RunFolder
) -> None:
    """Train, or go on after the last finished epoch; Ctrl-C ends it with the trainer's status.

    Raises
    ------
    CheckpointError
        What lies in the folder cannot be resumed.
    OutputError
        The disk is full or not writable; the last resume point is kept.
    """
    folder.resume_file.parent.mkdir(exist_ok=True)
    state = folder.resume_file if folder.resume_file.exists() else None
    try:
        trainer.fit(module, batches, ckpt_path=state, weights_only=True)
    except SystemExit:  # raised by Lightning on Ctrl-C
        if trainer.state.status != TrainerStatus.INTERRUPTED:
            raise
    except (pickle.UnpicklingError, KeyError, EOFError) as error:
        raise CheckpointError(
            "{path}: cannot be resumed, {name} is not what a run leaves ({error}); train into "
            "another folder with --out",
            path=folder.path,
            name=folder.resume_file.name,
            error=str(error).splitlines()[0],
        ) from error
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            "{path}: could not be written ({reason}); free space, then go on with --resume",
            path=folder.path,
            reason=error.strerror or error,
        ) from error


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Hold back Lightning's notes on its own choices and offers; its other warnings stay."""
    loggers = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in _EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
