"""Draw splits: official, by fractions, folds or sources, grouped by patient and stratified."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neumo.core.errors import SplitError
from neumo.core.message import Message, joined
from neumo.datasets.attributes import AttributeValue, paths_with
from neumo.datasets.folds import folds_of_shares, grouped_folds
from neumo.datasets.manifest import Entry, Manifest
from neumo.datasets.split import UNTRAINED, Split


def official_split(
    manifest: Manifest, *, validation: float | None, seed: int, holdout: tuple[int, int] | None = None
) -> Split:
    """Train and test as distributed; validation as distributed, or a patient-grouped share of training material.

    Images without an official part, such as those of a second source, are trained on unless `holdout` names them.

    Parameters
    ----------
    validation : float or None
        None takes the distributed val folder (in the public data set: 16 images, none of them viral).
        A share, such as 0.15, merges that folder into the training material and draws the validation
        images from it.
    holdout : (int, int) or None
        (folds, fold). Patients that `fold_split` with the same seed validates this fold on, and that have images
        without an official part, become the part "holdout" instead of being trained or validated on.

    Raises
    ------
    SplitError
        The data set has no official split, `validation` is no usable share, or `holdout` names no existing fold or
        selects no image.
    """
    settings: dict[str, Any] = {"seed": seed, "validation": validation}
    extra: dict[str, list[Entry]] = {}
    if holdout is not None:
        settings |= {"folds": holdout[0], "holdout_fold": holdout[1]}
        extra["holdout"] = _holdout(manifest, *holdout, seed)
    held_out = {entry.path for part in extra.values() for entry in part}
    kept = [entry for entry in manifest.entries if entry.path not in held_out]
    test = [entry for entry in kept if entry.split == "test"]
    if not test:
        raise SplitError("{root}: has no official test folder; use split.kind: fractions", root=manifest.root)
    if validation is None:
        train = [entry for entry in kept if entry.split in ("train", "")]
        val = [entry for entry in kept if entry.split == "val"]
        if not val:
            raise SplitError(
                "{root}: has no official val folder; set split.validation, for example to 0.15",
                root=manifest.root,
            )
        return _split("official", settings, manifest, {"train": train, "val": val, "test": test, **extra})
    material = [entry for entry in kept if entry.split != "test"]
    grain, (share,) = folds_of_shares([validation], "split.validation")
    folds = grouped_folds(material, grain, seed)
    return _split(
        "official",
        settings,
        manifest,
        {
            "train": _joined(material, folds[share:]),
            "val": _joined(material, folds[:share]),
            "test": test,
            **extra,
        },
    )


def _holdout(manifest: Manifest, folds: int, fold: int, seed: int) -> list[Entry]:
    held_out = set(fold_split(manifest, folds=folds, fold=fold, seed=seed).parts["val"])
    patients = {entry.patient for entry in manifest.entries if not entry.split}
    found = [entry for entry in manifest.entries if entry.path in held_out and entry.patient in patients]
    if not found:
        raise SplitError(
            "split.holdout_fold: every image of {root} has an official part; it holds out images without one",
            root=manifest.root,
        )
    return found


def fractions_split(manifest: Manifest, *, fractions: Sequence[float], seed: int) -> Split:
    """Three patient-grouped, stratified parts of the training material, 0.70 / 0.15 / 0.15 in the study.

    The third part is "test" where the data set has no official one, else "holdout", and "test" stays official.

    Raises
    ------
    SplitError
        The fractions are not three multiples of 1/20 or coarser that add up to 1, or there are too few patients.
    """
    grain, steps = folds_of_shares(fractions, "split.fractions")
    if len(steps) != 3 or sum(steps) != grain:
        raise SplitError(
            "split.fractions: {fractions} must be three shares that add up to 1, such as 0.7, 0.15, 0.15",
            fractions=list(fractions),
        )
    material = training_material(manifest)
    folds = grouped_folds(material, grain, seed)
    first, second = steps[2], steps[2] + steps[1]
    parts = {"train": _joined(material, folds[second:]), "val": _joined(material, folds[first:second])}
    third = _joined(material, folds[:first])
    test = [entry for entry in manifest.entries if entry.split == "test"]
    parts |= {"holdout": third, "test": test} if test else {"test": third}
    return _split("fractions", {"seed": seed, "fractions": list(fractions)}, manifest, parts)


def fold_split(manifest: Manifest, *, folds: int, fold: int, seed: int) -> Split:
    """Split for cross-validation: fold `fold` (from 0) validates, the others train; official test images stay test.

    Raises
    ------
    SplitError
        There is no such fold, or there are too few patients.
    """
    if folds < 2 or not 0 <= fold < folds:
        raise SplitError(
            "split.fold: {fold} of {folds} does not exist; folds count from 0 and there must be at least 2",
            fold=fold,
            folds=folds,
        )
    material = training_material(manifest)
    drawn = grouped_folds(material, folds, seed)
    rest = [part for number, part in enumerate(drawn) if number != fold]
    parts = {"train": _joined(material, rest), "val": _joined(material, [drawn[fold]])}
    test = [entry for entry in manifest.entries if entry.split == "test"]
    if test:
        parts["test"] = test
    return _split("fold", {"seed": seed, "folds": folds, "fold": fold}, manifest, parts)


def source_split(manifest: Manifest, *, source: str) -> Split:
    """Leave one source (hospital) out: its training material is validation, that of the others is trained on.

    Official test images stay the part "test", whichever source they come from.

    Raises
    ------
    SplitError
        There is no such source, or no other.
    """
    names = manifest.sources
    if source not in names or len(names) < 2:
        known = joined(", ", (name or Message("(none stated)") for name in names))
        raise SplitError(
            "split.source: {source!r} cannot be left out of {root}; it has {known}. Give one of "
            "at least two sources (column source of the manifest; neumo data merge writes it)",
            source=source,
            root=manifest.root,
            known=known,
        )
    material = training_material(manifest)
    parts = {
        "train": [entry for entry in material if entry.source != source],
        "val": [entry for entry in material if entry.source == source],
    }
    test = [entry for entry in manifest.entries if entry.split == "test"]
    if test:
        parts["test"] = test
    return _split("source", {"source": source}, manifest, parts)


def train_without(split: Split, manifest: Manifest, unwanted: Sequence[AttributeValue]) -> Split:
    """Move images from the training part to the part "untrained"; those that are held out or tested stay there.

    Parameters
    ----------
    unwanted : sequence of AttributeValue
        An image is moved if it holds any of them, such as label_basis "text of the report".

    Raises
    ------
    DatasetError
        No image of the training part holds one of them.
    SplitError
        Every image does.
    """
    entries = [manifest.entries[i] for i in split.indices("train", manifest)]
    moved = paths_with(entries, unwanted, "split.train_without")
    kept = tuple(entry.path for entry in entries if entry.path not in moved)
    if not kept:
        raise SplitError("split.train_without: leaves no image to train on; name fewer values")
    parts = {**split.parts, "train": kept, UNTRAINED: tuple(sorted(moved))}
    settings = {**split.settings, "train_without": [[each.attribute, each.value] for each in unwanted]}
    return Split(split.kind, settings, split.dataset, parts)


def training_material(manifest: Manifest) -> list[Entry]:
    """All images that are not official test images: train and the small val folder together."""
    return [entry for entry in manifest.entries if entry.split != "test"]


def _joined(material: Sequence[Entry], folds: Iterable[list[int]]) -> list[Entry]:
    return [material[i] for fold in folds for i in fold]


def _split(
    kind: str, settings: Mapping[str, Any], manifest: Manifest, parts: Mapping[str, Iterable[Entry]]
) -> Split:
    return Split(
        kind,
        settings,
        manifest.digest,
        {name: tuple(sorted(e.path for e in part)) for name, part in parts.items()},
    )
