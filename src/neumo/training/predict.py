"""Predict with a trained run: probabilities and embeddings on one part of its split, and class maps."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neumo.core.errors import CheckpointError
from neumo.core.progress import Progress
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.datasets.split import Split
from neumo.evaluation.predictions import Predictions
from neumo.imaging.prepare import scale_intensity
from neumo.models.explained import ExplainedNetwork
from neumo.models.weights import TrainedNetwork, load_network
from neumo.training.allocator import prepare_processor
from neumo.training.run_folder import RunFolder

BATCH = 64
"""Images that a network is run on at a time."""
Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def predict_part(
    folder: RunFolder, manifest: Manifest, split: Split, part: str, *, progress: Progress | None = None
) -> Predictions:
    """Probabilities of a run's kept weights on a part ("val", "test", ...) of its split, in single precision.

    Images whose label is partial are left out: they have no finding to compare with.

    Raises
    ------
    CheckpointError
        The weights cannot be loaded.
    SplitError
        There is no such part.
    DatasetError
        An image cannot be decoded.
    """
    positions = [i for i in split.indices(part, manifest) if manifest.entries[i].is_complete]
    probabilities = predict_images(folder, manifest, positions, progress=progress)
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


def predict_images(
    folder: RunFolder, manifest: Manifest, positions: Sequence[int], *, progress: Progress | None = None
) -> NDArray[np.float64]:
    """Probabilities (N, 3) of a run's kept weights on the images at `positions`, whatever their labels.

    Raises
    ------
    CheckpointError
        The weights cannot be loaded, or the network answers NaN.
    DatasetError
        An image cannot be decoded.
    """
    trained = load_network(folder.path)
    network = trained.network.to(device=prediction_device(), memory_format=torch.channels_last)  # type: ignore[call-overload]

    def probabilities_of(images: torch.Tensor) -> torch.Tensor:
        probabilities: torch.Tensor = network(images).double().softmax(dim=1)
        return probabilities

    probabilities: NDArray[np.float64] = over_images(trained, manifest, positions, probabilities_of, progress)
    if not np.isfinite(probabilities).all():
        raise CheckpointError(
            "{path}: the network answers NaN; its training diverged, train it again", path=folder.path
        )
    return probabilities


def embed_part(
    folder: RunFolder, manifest: Manifest, split: Split, part: str, *, change: Change | None = None
) -> NDArray[np.float32]:
    """Embeddings (N, D) of a run's kept weights on a part of its split, in its order.

    `change` turns the prepared squares (N, side, side) into others before their grey levels are scaled.

    Raises
    ------
    CheckpointError
        The weights cannot be loaded, or the network has no embedding.
    SplitError
        There is no such part.
    DatasetError
        An image cannot be decoded.
    """
    trained = load_network(folder.path)
    network = _explained(trained).to(prediction_device())

    def embedding_of(images: torch.Tensor) -> torch.Tensor:
        embedding: torch.Tensor = network.explained(images).embedding
        return embedding

    return over_images(trained, manifest, split.indices(part, manifest), embedding_of, change=change)


def class_maps(trained: TrainedNetwork, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Map what speaks for and against every finding in each image.

    Parameters
    ----------
    trained : TrainedNetwork
    pixels : ndarray of uint8, shape (N, side, side)

    Returns
    -------
    ndarray of float32, shape (N, 3, h, w)
        At the resolution of the network's last features.

    Raises
    ------
    CheckpointError
        The network does not explain itself.
    """
    network = _explained(trained).to(prediction_device())
    with torch.inference_mode():
        maps: NDArray[np.float32] = (
            network.explained(as_input(trained, pixels).to(prediction_device())).class_maps.cpu().numpy()
        )
    return maps


def as_input(trained: TrainedNetwork, pixels: NDArray[np.uint8]) -> torch.Tensor:
    """Images (N, 1, side, side) in 0-1, scaled as the network expects, from uint8 pixels (N, side, side)."""
    return torch.from_numpy(scale_intensity(pixels, trained.card.intensity)).unsqueeze(1)


def _explained(trained: TrainedNetwork) -> Any:
    if not isinstance(trained.network, ExplainedNetwork):
        raise CheckpointError(
            "{name}: does not explain itself; add the method `explained` to it", name=trained.card.name
        )
    return trained.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def over_images(
    trained: TrainedNetwork,
    manifest: Manifest,
    positions: Sequence[int],
    function: Callable[[torch.Tensor], torch.Tensor],
    progress: Progress | None = None,
    *,
    change: Change | None = None,
) -> NDArray[Any]:
    """Run `function` on prepared images (BATCH, 1, side, side) without gradients, and concatenate its rows.

    `change` turns the prepared squares (N, side, side) into others before their grey levels are scaled.

    Raises
    ------
    DatasetError
        An image cannot be decoded.
    """
    card = trained.card
    pixels = decoded_pixels(
        manifest, card.image_size, field_of_view=card.field_of_view, intensity=card.intensity
    ).array
    prepare_processor()
    rows: list[NDArray[Any]] = []
    with torch.inference_mode():
        for start in range(0, len(positions), BATCH):
            squares = pixels[positions[start : start + BATCH]]
            images = as_input(trained, squares if change is None else change(squares)).to(prediction_device())
            rows.append(function(images).cpu().numpy())
            if progress is not None:
                progress(min(start + BATCH, len(positions)), len(positions))
    return np.concatenate(rows)


def prediction_device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
