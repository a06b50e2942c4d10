"""Processes that train one run together, on one machine or several: how many, who leads, what the leader decides."""

import inspect
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

import lightning as L
import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch.nn.parallel import DistributedDataParallel

from neumo.core.errors import ConfigError, NeumoError
from neumo.core.message import Message

_Decision = TypeVar("_Decision")
_LONGEST_WAIT: Final = timedelta(hours=6)
"""Longest wait of the processes for each other, as while one of them decodes a large data set."""

_SENT_BUFFERS: Final = next(
    name
    for name in ("forward_sync_buffers", "broadcast_buffers")
    if name in inspect.signature(DistributedDataParallel).parameters
)
"""Name of one setting in newer and older versions of torch."""


def trainer_of_processes(devices: str | int, **settings: Any) -> L.Trainer:
    """Make Lightning's trainer for the processes that torchrun or srun has started, or for devices of this machine.

    Parameters
    ----------
    devices : str or int
        "auto" or a number, for a machine alone; torchrun and srun say it themselves.
    settings
        Passed to the trainer.

    Raises
    ------
    ConfigError
        Slurm does not say how many processes each machine has.
    """
    devices, nodes = _launched(devices)
    together = nodes > 1 or (isinstance(devices, int) and devices > 1)
    # Statistics of batch normalisation are shared (see `shared_normalisation`), so that no buffer needs to be sent.
    sent: dict[str, Any] = {_SENT_BUFFERS: False}
    strategy = DDPStrategy(timeout=_LONGEST_WAIT, **sent) if together else "auto"
    return L.Trainer(
        accelerator="auto",
        devices=devices,
        num_nodes=nodes,
        strategy=strategy,
        use_distributed_sampler=False,
        **settings,
    )


def decided_by_leader(trainer: L.Trainer, decide: Callable[[], _Decision]) -> _Decision | None:
    """Return what `decide` returns in the leading process, and None in the others, when it has ended there.

    Raises
    ------
    NeumoError
        `decide` failed; each process says so.
    """
    if not _all_started_at_once():  # Lightning starts the others when the leader has decided
        return decide() if trainer.is_global_zero else None
    trainer.strategy.setup_environment()
    decided, fault = None, None
    if trainer.is_global_zero:
        try:
            decided = decide()
        except NeumoError as error:
            fault = error
    shared = trainer.strategy.broadcast(None if fault is None else fault.message.to_json())
    if fault is not None:
        raise fault
    if shared is not None:
        told = Message.from_json(shared)
        raise ConfigError(told)
    return decided


def _launched(devices: str | int) -> tuple[str | int, int]:
    """Return processes of each machine, and machines."""
    if torch.distributed.is_torchelastic_launched():
        here = int(os.environ["LOCAL_WORLD_SIZE"])
        return here, int(os.environ["WORLD_SIZE"]) // here
    if _is_started_by_srun():
        if "SLURM_NTASKS_PER_NODE" not in os.environ:
            raise ConfigError("Slurm: give sbatch or srun --ntasks-per-node, the processes of each machine")
        return int(os.environ["SLURM_NTASKS_PER_NODE"]), int(os.environ.get("SLURM_NNODES", "1"))
    if devices == "auto" and torch.cuda.is_available():
        return torch.cuda.device_count(), 1
    return devices, 1


def _all_started_at_once() -> bool:
    return torch.distributed.is_torchelastic_launched() or _is_started_by_srun()


def _is_started_by_srun() -> bool:
    return int(os.environ.get("SLURM_NTASKS", "1")) > 1 and SLURMEnvironment.detect()
