"""Counts and sizes of images by official part and finding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.check.scan import Scan
from neumo.datasets.manifest import SPLITS, Manifest

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles that each Spread holds, in this order."""


@dataclass(frozen=True)
class Spread:
    """Quantiles of one quantity, in the order of QUANTILES; empty where no image is readable."""

    quantiles: tuple[float, ...]

    @property
    def low(self) -> float:
        """5 % quantile."""
        return self.quantiles[1]

    @property
    def median(self) -> float:
        """50 % quantile."""
        return self.quantiles[3]

    @property
    def high(self) -> float:
        """95 % quantile."""
        return self.quantiles[5]


@dataclass(frozen=True)
class Stratum:
    """Images of one finding in one official part.

    Attributes
    ----------
    split : str
        "train", "val", "test", or "" for all images of a data set without official parts.
    finding : Finding
    images, patients : int
        Readable or not.
    share : float
        Of the part's images, 0-1.
    width, height : Spread
        Pixels, of the readable images.
    aspect : Spread
        Width over height.
    file_bytes : Spread
    """

    split: str
    finding: Finding
    images: int
    patients: int
    share: float
    width: Spread
    height: Spread
    aspect: Spread
    file_bytes: Spread


def inventory(manifest: Manifest, scanned: Scan) -> tuple[Stratum, ...]:
    """Describe every part (train, val, test, none) and finding; parts without images are left out."""
    present = {entry.split for entry in manifest.entries}
    parts = [split for split in (*SPLITS, "") if split in present]
    return tuple(_stratum(manifest, scanned, split, finding) for split in parts for finding in FINDINGS)


def _stratum(manifest: Manifest, scanned: Scan, split: str, finding: Finding) -> Stratum:
    members = [i for i, e in enumerate(manifest.entries) if e.split == split and e.label is finding]
    readable = set(scanned.readable)
    images = [scanned.measured(i) for i in members if i in readable]
    return Stratum(
        split=split,
        finding=finding,
        images=len(members),
        patients=len({manifest.entries[i].patient for i in members}),
        share=len(members) / sum(e.split == split for e in manifest.entries),
        width=_spread([image.width for image in images]),
        height=_spread([image.height for image in images]),
        aspect=_spread([image.width / image.height for image in images]),
        file_bytes=_spread([image.file_bytes for image in images]),
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(tuple(np.quantile(values, QUANTILES).tolist()) if values else ())
