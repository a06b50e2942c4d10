"""Splits: which images a run trains on, validates on and is tested on, grouped by patient and stratified."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.core.errors import SplitError
from neumo.core.files import write_json
from neumo.core.findings import FINDINGS
from neumo.datasets.manifest import Manifest

UNTRAINED = "untrained"
"""Part of images that neither train nor judge a run."""

MIN_VALIDATION_IMAGES = 10
"""Fewest validation images of each finding; with fewer, the validation loss is that of a few patients."""


@dataclass(frozen=True)
class Split:
    """Parts of a data set by image path.

    Attributes
    ----------
    kind : str
        "official", "fractions", "fold" or "source".
    settings : mapping
        What the split was made from (seed, fractions, fold, number of folds, held-out source, attributes of
        images that are not trained on).
    dataset : str
        Digest of the manifest it was made from.
    parts : mapping of str to tuple of str
        Sorted image paths of "train", "val" and "test", of "holdout" where training material was set
        aside beside an official test set, and of "untrained" where images were taken from the training part.
    """

    kind: str
    settings: Mapping[str, Any]
    dataset: str
    parts: Mapping[str, tuple[str, ...]]

    @property
    def digest(self) -> str:
        """SHA-256 of the split's content; runs refer to it."""
        return hashlib.sha256(json.dumps(self._plain(), sort_keys=True).encode()).hexdigest()

    def _plain(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "dataset": self.dataset,
            "parts": {name: list(paths) for name, paths in self.parts.items()},
        }

    def save(self, target: Path) -> None:
        """Write as JSON with its digest, atomically. Raises OutputError."""
        write_json(target, {"digest": self.digest, **self._plain()})

    def indices(self, part: str, manifest: Manifest) -> list[int]:
        """Positions of a part's images in `manifest`.

        Raises
        ------
        SplitError
            There is no such part, or it is empty, or an image is not in the manifest.
        """
        if part not in self.parts:
            raise SplitError(
                "split: there is no part {part!r}; choose one of {parts}",
                part=part,
                parts=", ".join(self.parts),
            )
        if not self.parts[part]:
            raise SplitError("split: the part {part!r} holds no image", part=part)
        position = {entry.path: i for i, entry in enumerate(manifest.entries)}
        missing = [path for path in self.parts[part] if path not in position]
        if missing:
            raise SplitError(
                "split: {count} images of part {part!r} are not in {root}, the first is {first}",
                count=len(missing),
                part=part,
                root=manifest.root,
                first=missing[0],
            )
        return [position[path] for path in self.parts[part]]


def load_split(source: Path, manifest: Manifest | None = None) -> Split:
    """Read a split file and check it, against the data too where `manifest` is given.

    Raises
    ------
    SplitError
        The file is missing, is no split, was edited (its digest differs), or belongs to other data.
    """
    try:
        value = json.loads(source.read_text(encoding="utf-8"))
        split = Split(
            kind=value["kind"],
            settings=value["settings"],
            dataset=value["dataset"],
            parts={name: tuple(paths) for name, paths in value["parts"].items()},
        )
        stated = value["digest"]
    except FileNotFoundError as error:
        raise SplitError("{source}: no such split file", source=source) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SplitError(
            "{source}: is not a split file ({error})", source=source, error=repr(error)
        ) from error
    if split.digest != stated:
        raise SplitError(
            "{source}: its content does not match its digest; it was edited, make the split again",
            source=source,
        )
    if manifest is not None and split.dataset != manifest.digest:
        raise SplitError(
            "{source}: was made from other data (digest {other}, {root} has {digest}); use the "
            "data set it was made from or make a new split",
            source=source,
            other=split.dataset[:12],
            root=manifest.root,
            digest=manifest.digest[:12],
        )
    return split


def thin_findings(labels: Iterable[str]) -> dict[str, int]:
    """Images of each finding in a part that training chooses by; empty where there are enough of all.

    Labels that state no cause count for any pneumonia.
    """
    counted = Counter(labels)
    counts = {finding.value: counted[finding.value] for finding in FINDINGS}
    unknown = sum(count for label, count in counted.items() if label not in counts)
    if all(count >= MIN_VALIDATION_IMAGES for count in counts.values()):
        return {}
    enough = counts["NORMAL"] >= MIN_VALIDATION_IMAGES and unknown >= MIN_VALIDATION_IMAGES
    return {} if enough else counts
