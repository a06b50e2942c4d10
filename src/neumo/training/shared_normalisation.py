"""Synchronised batch normalisation on CPUs and GPUs: statistics of the whole batch of a distributed run."""

from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from neumo.core.errors import ConfigError


class _OverProcesses(torch.autograd.Function):
    """Sum of a tensor over processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor) -> torch.Tensor:
        total = values.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].clone()
        torch.distributed.all_reduce(total)
        return total


class SharedBatchNorm(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` with the statistics of all processes; torch.nn.SyncBatchNorm knows GPUs only.

    In evaluation, and in a process alone, it is `torch.nn.BatchNorm2d`.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalise (N, C, height, width)."""
        if not self.training or not torch.distributed.is_initialized():
            return super().forward(input)
        values = input.float()
        count = values.new_tensor([values.numel() / values.shape[1]])
        own = torch.cat([values.sum((0, 2, 3)), (values * values).sum((0, 2, 3)), count])
        sums: torch.Tensor = _OverProcesses.apply(own)  # type: ignore[no-untyped-call]
        total, squares, count = torch.split(sums, [self.num_features, self.num_features, 1])
        mean = total / count
        variance = (squares / count - mean * mean).clamp(min=0)
        self._remember(mean.detach(), variance.detach(), float(count.detach()))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        normal: torch.Tensor = values * scale[:, None, None] + shift[:, None, None]
        return normal.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: torch.Tensor, variance: torch.Tensor, count: float) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (count / max(count - 1, 1)), share)


def share_normalisation(network: nn.Module) -> None:
    """Replace each batch normalisation of a network by one over the batch of all processes; weights stay.

    Raises
    ------
    ConfigError
        The network has another kind of batch normalisation than `torch.nn.BatchNorm2d`.
    """
    for name, child in network.named_children():
        if type(child) is nn.BatchNorm2d:
            setattr(network, name, _shared(child))
        elif isinstance(child, _BatchNorm):
            raise ConfigError(
                "model: {layer} would normalise each process's part of a batch by itself; train it in one process",
                layer=type(child).__name__,
            )
        else:
            share_normalisation(child)


def _shared(layer: nn.BatchNorm2d) -> nn.Module:
    if torch.cuda.is_available():
        synced: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(layer)  # type: ignore[no-untyped-call]
        return synced
    shared = SharedBatchNorm(
        layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
    )
    shared.load_state_dict(layer.state_dict())
    return shared
