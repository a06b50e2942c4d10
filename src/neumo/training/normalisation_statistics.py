"""Recompute the batch normalisation statistics of a trained network on unaugmented training images.

During training the running statistics are those of augmented, partly occluded crops, while prediction sees whole
radiographs. See Touvron et al., "Fixing the train-test resolution discrepancy", NeurIPS 2019, and Wu and Johnson,
"Rethinking 'Batch' in BatchNorm", 2021.
"""

from pathlib import Path

import numpy as np
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from neumo.core.errors import ConfigError
from neumo.datasets.manifest import Manifest
from neumo.models.weights import load_network, save_network
from neumo.training.batches import Batches
from neumo.training.predict import BATCH, over_images, prediction_device


def require_batch_normalisation(network: nn.Module, name: str) -> None:
    """Raise ConfigError if the network has no batch normalisation layer."""
    if not _normalisations(network):
        raise ConfigError(
            "schedule.statistics_images: {name} has no batch normalisation; set it to 0", name=name
        )


def recompute_statistics(folder: Path, manifest: Manifest, batches: Batches, images: int) -> None:
    """Recompute the batch normalisation statistics of a run's saved network, and overwrite the saved weights.

    Parameters
    ----------
    folder : Path
        The run.
    manifest : Manifest
        The data set that it was trained on.
    batches : Batches
        Its training images; they are drawn in the order, and as often, as in the first epoch.
    images : int
        Number of images to draw, at most one epoch.

    Raises
    ------
    CheckpointError, DatasetError, OutputError
    """
    trained = load_network(folder)
    network = trained.network.to(prediction_device())
    batches.order.set_epoch(0)
    drawn = batches.training.positions[np.fromiter(batches.order, dtype=np.int64)[:images]]
    # Drop a partial last batch: every batch has the same weight in the mean.
    whole = len(drawn) // BATCH * BATCH or len(drawn)
    layers = _normalisations(network)
    before = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # PyTorch then keeps the mean over batches instead of a moving average
        layer.train()
    over_images(trained, manifest, drawn[:whole].tolist(), network)
    for layer, momentum in zip(layers, before, strict=True):
        layer.momentum = momentum
        layer.eval()
    save_network(network.cpu(), folder, trained.card)


def _normalisations(network: nn.Module) -> list[_BatchNorm]:
    return [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
