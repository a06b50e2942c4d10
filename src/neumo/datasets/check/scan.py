"""Decodes every image once, and keeps the measurements that the checks need."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.core.cores import usable_cores
from neumo.core.errors import UnreadableImageError
from neumo.core.progress import Progress
from neumo.datasets.check.fingerprint import fingerprint
from neumo.datasets.check.lungless import border_features, intensity_features
from neumo.datasets.manifest import Manifest
from neumo.imaging import open_radiograph

_BLOCK = 256


@dataclass(frozen=True)
class Measured:
    """Measurements of one decoded image.

    Attributes
    ----------
    width, height : int
        Size of the file's image in pixels.
    file_bytes : int
        Size of the file.
    colour : bool
        True when the file holds colour that is more than grey in three channels.
    spread : float
        Grey levels (0-255) between the 2.5 % and the 97.5 % quantile.
    pixel_digest : str
        SHA-256 over the shape and the decoded grey values.
    fingerprint : ndarray of float16, shape (1024,)
    border : ndarray of float32, shape (79,)
    intensity : ndarray of float32, shape (43,)
    """

    width: int
    height: int
    file_bytes: int
    colour: bool
    spread: float
    pixel_digest: str
    fingerprint: NDArray[np.float16]
    border: NDArray[np.float32]
    intensity: NDArray[np.float32]


@dataclass(frozen=True)
class Fault:
    """Why an image could not be decoded; `file_bytes` is 0 for an empty file."""

    reason: str
    file_bytes: int


@dataclass(frozen=True)
class Scan:
    """Result of the pass, in the order of the manifest's entries."""

    images: tuple[Measured | Fault, ...]

    @property
    def readable(self) -> list[int]:
        """Positions of the images that were decoded."""
        return [i for i, image in enumerate(self.images) if isinstance(image, Measured)]

    def measured(self, position: int) -> Measured:
        """Measurements of a readable image; `position` must be one of `readable`."""
        image = self.images[position]
        if isinstance(image, Fault):
            raise TypeError(f"image {position} was not decoded: {image.reason}")
        return image


def scan(manifest: Manifest, progress: Progress | None = None) -> Scan:
    """Decode and measure every image in a pool of threads; unreadable images become a Fault."""
    total = len(manifest)
    images: list[Measured | Fault] = []
    with ThreadPoolExecutor(usable_cores()) as pool:
        for start in range(0, total, _BLOCK):
            files = [manifest.file(entry) for entry in manifest.entries[start : start + _BLOCK]]
            images.extend(pool.map(_measure, files))
            if progress is not None:
                progress(len(images), total)
    return Scan(tuple(images))


def _measure(file: Path) -> Measured | Fault:
    file_bytes = file.stat().st_size if file.is_file() else 0
    try:
        radiograph = open_radiograph(file)
    except UnreadableImageError as error:
        return Fault(error.message.without_subject(), file_bytes)
    levels = radiograph.levels
    pixels = radiograph.pixels if radiograph.deep is None else (radiograph.deep >> 8).astype(np.uint8)
    histogram = np.bincount(pixels.ravel(), minlength=256)
    low, high = np.searchsorted(np.cumsum(histogram), np.array([0.025, 0.975]) * pixels.size)
    return Measured(
        width=radiograph.original_size[0],
        height=radiograph.original_size[1],
        file_bytes=file_bytes,
        colour=radiograph.colour,
        spread=float(high - low),
        pixel_digest=hashlib.sha256(repr(pixels.shape).encode() + levels.tobytes()).hexdigest(),
        fingerprint=fingerprint(pixels),
        border=border_features(pixels),
        intensity=intensity_features(histogram),
    )
