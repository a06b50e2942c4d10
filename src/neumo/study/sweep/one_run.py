"""Trains one run of a sweep, in the process of the sweep or on a machine of a cluster."""

import os
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from neumo.core.errors import CheckpointError, NeumoError
from neumo.core.folder_lock import in_turn
from neumo.study.sweep.plan import PlannedRun
from neumo.training.fit import train
from neumo.training.run_folder import RunFolder

_LAUNCHERS: Final = (
    "SLURM_",
    "RANK",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "TORCHELASTIC_",
    "MASTER_",
)
"""Beginnings of variables by which a launcher says that several processes train one run; a worker may inherit them."""


@dataclass(frozen=True)
class Ended:
    """Outcome of one run of a sweep.

    Attributes
    ----------
    name : str
    fault : str
        Why it failed, in English; empty where it is finished.
    interrupted : bool
        Somebody pressed Ctrl-C.
    """

    name: str
    fault: str = ""
    interrupted: bool = False


def is_finished(run: PlannedRun) -> bool:
    """Whether the run has nothing left to train."""
    try:
        return bool(RunFolder(run.folder).record()["status"] == "finished")
    except CheckpointError:
        return False


def train_one(run: PlannedRun, data: Path) -> Ended:
    """Train a run, or go on with it; nothing raises, so that a run that fails costs itself alone.

    Its progress goes to a log beside its folder. Where another process trains the same run, it is waited for.
    """
    for name in [name for name in os.environ if name.startswith(_LAUNCHERS)]:
        del os.environ[name]
    log = run.folder.with_suffix(".log")
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with in_turn(run.folder.with_suffix(".lock")), log.open("a", encoding="utf-8") as stream:
            console = Console(file=stream, width=200)
            try:
                outcome = train(run.experiment, data, run.folder, resume=True, console=console)
            except Exception:
                stream.write(traceback.format_exc())
                raise
    except NeumoError as error:
        return Ended(run.name, fault=str(error))
    except Exception as error:  # a fault of ours must not end the other runs
        return Ended(run.name, fault=f"{type(error).__name__}: {error}; see {log}")
    return Ended(run.name, interrupted=outcome.status != "finished")
