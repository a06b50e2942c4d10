"""What a run trains on: the split, the balanced training images and the validation images as batches."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import SplitError
from neumo.core.findings import FINDINGS
from neumo.core.progress import Progress
from neumo.core.user_folders import cache_folder
from neumo.datasets.balance import class_counts, resampled
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.datasets.split import Split, fold_split, fractions_split, load_split, official_split
from neumo.training.batches import Batches, PixelDataset
from neumo.training.config import Experiment, SplitConfig


@dataclass(frozen=True)
class Material:
    """Images of one run.

    Attributes
    ----------
    batches : Batches
    labels : ndarray of int64, shape (N,)
        Class indices of the training images, after balancing.
    training_images, validation_images : mapping of str to int
        Images by finding.
    """

    batches: Batches
    labels: NDArray[np.int64]
    training_images: Mapping[str, int]
    validation_images: Mapping[str, int]


def make_split(manifest: Manifest, config: SplitConfig, seed: int) -> Split:
    """Make the split that an experiment asks for, or take the same one from the cache.

    Raises
    ------
    SplitError
        The data do not allow it, or it leaves no validation image.
    DatasetError
        A class has no training image.
    """
    wanted = hashlib.sha256(
        f"{config.model_dump_json()} {seed} {version('scikit-learn')}".encode()
    ).hexdigest()
    cached = cache_folder() / manifest.digest[:24] / f"split-{wanted[:24]}.json"
    try:
        return load_split(cached, manifest)
    except SplitError:
        split = _drawn(manifest, config, seed)
        _require_usable(split, manifest)
        split.save(cached)
        return split


def load_material(
    experiment: Experiment, manifest: Manifest, split: Split, *, decoding: Progress | None = None
) -> Material:
    """Decode the data set where that was not done yet, balance the training part, and make batches.

    Raises
    ------
    DatasetError
        An image cannot be decoded, or a class has no training image.
    OutputError
        The pixel cache cannot be written.
    """
    held_out_store = decoded_pixels(
        manifest, experiment.image_size, field_of_view=experiment.field_of_view, progress=decoding
    )
    store = decoded_pixels(manifest, experiment.training_size or experiment.image_size, progress=decoding)
    labels = np.array([entry.finding.index for entry in manifest.entries], dtype=np.int64)
    positions = np.array(split.indices("train", manifest), dtype=np.int64)
    chosen = positions[resampled(labels[positions], experiment.balance, experiment.seed)]
    held_out = np.array(split.indices("val", manifest), dtype=np.int64)
    return Material(
        batches=Batches(
            PixelDataset(store.array, chosen, labels),
            PixelDataset(held_out_store.array, held_out, labels, experiment.intensity),
            experiment.schedule.batch_size,
            experiment.seed,
        ),
        labels=labels[chosen],
        training_images=_by_finding(labels[chosen]),
        validation_images=_by_finding(labels[held_out]),
    )


def _drawn(manifest: Manifest, config: SplitConfig, seed: int) -> Split:
    if config.kind == "official":
        return official_split(manifest, validation=config.validation, seed=seed)
    if config.kind == "fractions":
        return fractions_split(manifest, fractions=config.fractions, seed=seed)
    return fold_split(manifest, folds=config.folds, fold=config.fold, seed=seed)


def _require_usable(split: Split, manifest: Manifest) -> None:
    labels = np.array([entry.finding.index for entry in manifest.entries], dtype=np.int64)
    class_counts(labels[split.indices("train", manifest)])
    if not split.parts.get("val"):
        raise SplitError(
            f"{manifest.root}: the split leaves no validation image; add images or raise the share"
        )


def _by_finding(labels: NDArray[np.int64]) -> dict[str, int]:
    counts = np.bincount(labels, minlength=len(FINDINGS))
    return {finding.value: int(counts[finding.index]) for finding in FINDINGS}
