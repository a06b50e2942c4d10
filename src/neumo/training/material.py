"""Material of a run: the split, the balanced training images and the validation images as batches."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import DatasetError, OutputError, SplitError
from neumo.core.findings import FINDINGS
from neumo.core.labels import ALLOWED, LABELS, PartialLabel
from neumo.core.progress import Progress
from neumo.core.typed_values import to_plain
from neumo.core.user_folders import cache_folder
from neumo.datasets.balance import (
    Balance,
    balanced_draws,
    class_counts,
    class_weights,
    log_priors,
    log_priors_by_source,
    resampled,
)
from neumo.datasets.draw_split import fold_split, fractions_split, official_split, source_split, train_without
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.datasets.split import Split, load_split
from neumo.training.batches import Batches, PixelDataset
from neumo.training.config import Experiment, SplitConfig


@dataclass(frozen=True)
class Material:
    """Images of one run.

    Attributes
    ----------
    batches : Batches
    partial : bool
        Whether some labels are partial.
    class_weights : ndarray of float32, shape (3,), or None
    log_priors : ndarray of float32, shape (S, 3), or None
    training_images, validation_images : mapping of str to int
        Images by label.
    """

    batches: Batches
    partial: bool
    class_weights: NDArray[np.float32] | None
    log_priors: NDArray[np.float32] | None
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
        f"{json.dumps(to_plain(config))} {seed} {version('scikit-learn')}".encode()
    ).hexdigest()
    cached = cache_folder() / manifest.digest[:24] / f"split-{wanted[:24]}.json"
    try:
        return load_split(cached, manifest)
    except SplitError:
        split = _drawn(manifest, config, seed)
        if config.train_without:
            split = train_without(split, manifest, config.train_without)
        _require_usable(split, manifest)
        with suppress(OutputError):  # it is drawn again, as quickly
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
        manifest,
        experiment.image_size,
        field_of_view=experiment.field_of_view,
        intensity=experiment.intensity,
        progress=decoding,
    )
    store = decoded_pixels(
        manifest,
        experiment.training_size or experiment.image_size,
        intensity=experiment.intensity,
        progress=decoding,
    )
    labels = np.array([entry.code for entry in manifest.entries], dtype=np.int64)
    sources = _codes([entry.source for entry in manifest.entries])
    training = _trained_on(labels, split.indices("train", manifest), neither=experiment.other_abnormal > 0)
    partial = bool((labels[training] >= len(FINDINGS)).any())
    _require_balance_of_findings(experiment.balance, partial)
    chosen = (
        training if partial else training[resampled(labels[training], experiment.balance, experiment.seed)]
    )
    held_out = _trained_on(labels, split.indices("val", manifest))
    views = _codes([entry.view for entry in manifest.entries])
    draws = balanced_draws(
        labels[chosen],
        sources[chosen],
        views[chosen],
        experiment.sampling.over,
        experiment.sampling.max_repeats,
    )
    batches = Batches(
        PixelDataset(store.array, chosen, labels, sources),
        PixelDataset(held_out_store.array, held_out, labels, sources, experiment.intensity),
        experiment.schedule.batch_size,
        experiment.seed,
        draws,
    )
    weights = np.ones(len(chosen)) if draws is None else draws.weights
    weigh, adjust = Balance.CLASS_WEIGHTS, Balance.LOGIT_ADJUSTMENT
    return Material(
        batches=batches,
        partial=partial or bool((labels[held_out] >= len(FINDINGS)).any()),
        class_weights=class_weights(labels[chosen]) if experiment.balance is weigh else None,
        log_priors=_log_priors(labels[chosen], sources[chosen], weights)
        if experiment.balance is adjust
        else None,
        training_images=_by_label(labels[chosen]),
        validation_images=_by_label(labels[held_out]),
    )


def _log_priors(
    labels: NDArray[np.int64], sources: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float32]:
    if not sources.any() and (weights == 1).all() and (labels < len(FINDINGS)).all():
        return log_priors(labels)[None]
    return log_priors_by_source(labels, sources, weights)


def _trained_on(
    labels: NDArray[np.int64], positions: list[int], *, neither: bool = False
) -> NDArray[np.int64]:
    """Positions whose label allows a finding, or all of them where those of `neither` train too."""
    kept = np.array(positions, dtype=np.int64)
    return kept if neither else kept[ALLOWED[labels[kept]].any(axis=1)]


def _codes(values: list[str]) -> NDArray[np.int64]:
    """Return the number of each value among the sorted values, from 0."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _require_balance_of_findings(balance: Balance, partial: bool) -> None:
    if partial and balance not in (Balance.NONE, Balance.LOGIT_ADJUSTMENT):
        raise DatasetError(
            "balance: {balance} counts images of each finding, and some labels here are partial "
            "({label}); use logit_adjustment or none, and sampling.over",
            balance=balance,
            label=PartialLabel.PNEUMONIA,
        )


def _drawn(manifest: Manifest, config: SplitConfig, seed: int) -> Split:
    if config.kind == "official":
        holdout = None if config.holdout_fold is None else (config.folds, config.holdout_fold)
        return official_split(manifest, validation=config.validation, seed=seed, holdout=holdout)
    if config.kind == "source":
        return source_split(manifest, source=config.source or "")
    if config.kind == "fractions":
        return fractions_split(manifest, fractions=config.fractions, seed=seed)
    return fold_split(manifest, folds=config.folds, fold=config.fold, seed=seed)


def _require_usable(split: Split, manifest: Manifest) -> None:
    labels = np.array([entry.code for entry in manifest.entries], dtype=np.int64)
    training = labels[split.indices("train", manifest)]
    if (training < len(FINDINGS)).all():
        class_counts(training)
    elif not ALLOWED[training].any(axis=0).all():
        missing = ", ".join(FINDINGS[i] for i in np.flatnonzero(~ALLOWED[training].any(axis=0)))
        raise DatasetError(
            "training part: no label allows {missing}; all three classes are needed", missing=missing
        )
    if not split.parts.get("val"):
        raise SplitError(
            "{root}: the split leaves no validation image; add images or raise the share", root=manifest.root
        )


def _by_label(labels: NDArray[np.int64]) -> dict[str, int]:
    """Images of each finding, and of each partial label that is there."""
    counts = np.bincount(labels, minlength=len(LABELS)).tolist()
    return {
        label.value: count
        for code, (label, count) in enumerate(zip(LABELS, counts, strict=True))
        if count or code < len(FINDINGS)
    }
