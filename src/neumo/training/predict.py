"""A trained run's probabilities on one part of its split, and where the network looked."""

import numpy as np
import torch
from numpy.typing import NDArray

from neumo.core.errors import CheckpointError
from neumo.data.manifest import Manifest
from neumo.data.pixels import Progress, decoded_pixels
from neumo.data.split import Split
from neumo.evaluation.predictions import Predictions
from neumo.imaging.prepare import scale_intensity
from neumo.models.gradcam import grad_cam
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.allocator import prepare_processor
from neumo.training.run_folder import RunFolder

_BATCH = 64


def predict_part(
    folder: RunFolder, manifest: Manifest, split: Split, part: str, *, progress: Progress | None = None
) -> Predictions:
    """Probabilities of a run's best weights on a part ("val", "test", ...) of its split, in single precision.

    Raises
    ------
    CheckpointError
        The weights cannot be loaded.
    SplitError
        There is no such part.
    DatasetError
        An image cannot be decoded.
    """
    trained = load_network(folder.path)
    positions = split.indices(part, manifest)
    pixels = decoded_pixels(manifest, trained.card.image_size).array
    prepare_processor()
    device = _device()
    network = trained.network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    rows: list[NDArray[np.float64]] = []
    with torch.inference_mode():
        for start in range(0, len(positions), _BATCH):
            images = as_input(trained, pixels[positions[start : start + _BATCH]]).to(device)
            rows.append(network(images).double().softmax(dim=1).cpu().numpy())
            if progress is not None:
                progress(min(start + _BATCH, len(positions)), len(positions))
    probabilities = np.concatenate(rows)
    if not np.isfinite(probabilities).all():
        raise CheckpointError(
            f"{folder.path}: the network answers NaN; its training diverged, train it again"
        )
    entries = [manifest.entries[i] for i in positions]
    return Predictions(
        paths=tuple(entry.path for entry in entries),
        patients=tuple(entry.patient for entry in entries),
        truth=np.array([entry.finding.index for entry in entries], dtype=np.int64),
        probabilities=probabilities,
        attributes={
            name: tuple(entry.attributes.get(name, "") for entry in entries)
            for name in manifest.attribute_names
        },
        synthetic=manifest.synthetic,
    )


def heat_maps(
    trained: TrainedNetwork, pixels: NDArray[np.uint8], findings: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Grad-CAM of one finding for each image.

    Parameters
    ----------
    trained : TrainedNetwork
    pixels : ndarray of uint8, shape (N, side, side)
    findings : ndarray of int64, shape (N,)
        The finding to explain in each image.

    Returns
    -------
    ndarray of float32, shape (N, h, w)
        At the resolution of the network's last features, each map scaled to 0-1.
    """
    network = trained.network.to(_device())
    maps = grad_cam(network, as_input(trained, pixels).to(_device()), torch.from_numpy(findings).to(_device()))
    return maps.cpu().numpy()


def as_input(trained: TrainedNetwork, pixels: NDArray[np.uint8]) -> torch.Tensor:
    """Images (N, 1, side, side) in 0-1, scaled as the network expects, from uint8 pixels (N, side, side)."""
    return torch.from_numpy(scale_intensity(pixels, trained.card.intensity)).unsqueeze(1)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
