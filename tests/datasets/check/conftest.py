"""Small data sets of distinct textures, stored as real files."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from neumo.core.findings import Finding
from neumo.datasets.manifest import Entry, Manifest

Texture = Callable[[int], NDArray[np.uint8]]
Collect = Callable[[Sequence[tuple[str, Finding, str, str]]], Manifest]


@pytest.fixture
def texture() -> Texture:
    def make(seed: int) -> NDArray[np.uint8]:
        coarse = np.random.default_rng(seed).integers(20, 236, (40, 36), dtype=np.uint8)
        return np.array(Image.fromarray(coarse).resize((180, 200), Image.Resampling.BICUBIC))

    return make


@pytest.fixture
def collect(tmp_path: Path) -> Collect:
    """Make a manifest of (path, finding, patient, split) from files that lie in tmp_path."""

    def make(rows: Sequence[tuple[str, Finding, str, str]]) -> Manifest:
        entries = []
        for path, finding, patient, split in sorted(rows):
            digest = hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()
            entries.append(Entry(path, finding, patient, split, 0, 0, digest))
        return Manifest(tmp_path, tuple(entries))

    return make
