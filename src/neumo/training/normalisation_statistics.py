"""Statistics of batch normalisation, computed anew at the end of a run on training images as they are read.

In training they are those of augmented crops, partly hidden; the radiographs that are read are whole. After Touvron et
al., "Fixing the train-test resolution discrepancy", NeurIPS 2019, and Wu and Johnson, "Rethinking 'Batch' in
BatchNorm", 2021.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from neumo.core.errors import ConfigError
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.models.weights import load_network, save_network
from neumo.training.batches import Batches
from neumo.training.predict import as_input

_BATCH = 64


def require_statistics(network: nn.Module, name: str) -> None:
    """Refuse (ConfigError) a network without batch normalisation."""
    if not _normalisations(network):
        raise ConfigError(
            "schedule.statistics_images: {name} has no batch normalisation; set it to 0", name=name
        )


def renew_statistics(folder: Path, manifest: Manifest, batches: Batches, images: int) -> None:
    """Compute the statistics of a run's kept network anew, and save it in place of the one that was kept.

    Parameters
    ----------
    folder : Path
        The run.
    manifest : Manifest
        The data set that it was trained on.
    batches : Batches
        Its training images, drawn here as in its first epoch.
    images : int
        How many of them; all of an epoch where it has fewer.

    Raises
    ------
    CheckpointError, DatasetError, OutputError
    """
    trained = load_network(folder)
    card = trained.card
    pixels = decoded_pixels(
        manifest, card.image_size, field_of_view=card.field_of_view, intensity=card.intensity
    ).array
    batches.order.set_epoch(0)
    drawn = batches.training.positions[np.fromiter(batches.order, dtype=np.int64)[:images]]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = trained.network.to(device)
    layers = _normalisations(network)
    before = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean of all batches
        layer.train()
    # Whole batches only: the statistics of a few images would count as much as those of many.
    size = min(_BATCH, len(drawn))
    with torch.inference_mode():
        for start in range(0, len(drawn) - size + 1, size):
            network(as_input(trained, pixels[drawn[start : start + size]]).to(device))
    for layer, momentum in zip(layers, before, strict=True):
        layer.momentum = momentum
        layer.eval()
    save_network(network.cpu(), folder, card)


def _normalisations(network: nn.Module) -> list[_BatchNorm]:
    return [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
