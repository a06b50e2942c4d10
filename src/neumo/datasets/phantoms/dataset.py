"""A data set of phantoms: synthetic radiographs in the public data set's layout, for trials without patients' data."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from neumo.core.errors import DatasetError
from neumo.core.files import write_json
from neumo.core.findings import FINDINGS, Finding
from neumo.core.progress import Progress
from neumo.datasets.folders import filling
from neumo.datasets.layout import SYNTHETIC_MARKER
from neumo.datasets.phantoms.radiograph import draw_radiograph

GENERATOR_VERSION = 1
"""Raised whenever the same seed gives other pixels."""

NOTE = "neumo phantom, synthetic, not a patient"
"""Stands in every file as JPEG comment and as EXIF ImageDescription."""

MIN_SIZE, MAX_SIZE = 64, 2048
_MAX_PER_CLASS = 100_000
_JPEG_QUALITY = 95
_BLOCK = 5
"""Images come in blocks of five: one goes to test, and the last two show the same patient."""
_TEST_POSITION = 1


@dataclass(frozen=True)
class PhantomImage:
    """One file of a data set of phantoms: its finding, its number there, its patient and which take of them."""

    finding: Finding
    number: int
    patient: int
    take: int

    @property
    def path(self) -> PurePosixPath:
        """Path in the data set."""
        split = "test" if self.number % _BLOCK == _TEST_POSITION else "train"
        if self.finding is Finding.NORMAL:
            return PurePosixPath(split, "NORMAL", f"IM-{self.patient + 1:04d}-{self.take + 1:04d}.jpeg")
        bacterial = self.finding is Finding.BACTERIAL_PNEUMONIA
        # Bacterial patients have odd numbers, viral ones even: no patient carries both labels.
        person = 2 * self.patient + (1 if bacterial else 2)
        kind = "bacteria" if bacterial else "virus"
        return PurePosixPath(split, "PNEUMONIA", f"person{person}_{kind}_{self.number + 1}.jpeg")


def draw_phantom(finding: Finding, rng: np.random.Generator, size: int = 224) -> NDArray[np.uint8]:
    """Draw one synthetic frontal chest radiograph, with the word SYNTHETIC burnt in.

    Parameters
    ----------
    finding : Finding
        NORMAL: clear lungs. BACTERIAL_PNEUMONIA: focal consolidation with soft edges and air bronchograms.
        VIRAL_PNEUMONIA: net-like and hazy change in both lungs, densest around the hila.
    rng : numpy.random.Generator
        Everything is drawn from it: an equal state gives equal pixels.
    size : int
        Side in pixels, 64 to 2048.

    Returns
    -------
    ndarray of uint8, shape (size, size)
        Grey values, bright is dense.

    Raises
    ------
    DatasetError
        `size` is out of range.
    """
    _require_in_range("size", size, MIN_SIZE, MAX_SIZE)
    patient, image = rng.spawn(2)
    return draw_radiograph(finding, patient, image, size)


def make_phantoms(
    target: Path, *, per_class: int, seed: int, size: int = 224, progress: Progress | None = None
) -> int:
    """Write a data set of phantoms in the public data set's layout, all of it or nothing.

    Four of five images are train, one is test; of five images the last two show the same patient. Each image
    comes from its own seed, so a larger `per_class` adds files and leaves the others byte for byte as they are.
    JPEG bytes can differ between versions of Pillow and NumPy.

    Parameters
    ----------
    target : Path
        Folder to make; it must not exist or be empty.
    per_class : int
        Images of each finding, at least 2 (one train, one test).
    seed : int
        Not negative.
    size : int
        Side of the images in pixels.
    progress : callable, optional
        Called after each image.

    Returns
    -------
    int
        Number of images written.

    Raises
    ------
    DatasetError
        `target` is not empty, or a number is out of range.
    OutputError
        The folder cannot be written.
    """
    _require_in_range("per class", per_class, 2, _MAX_PER_CLASS)
    _require_in_range("size", size, MIN_SIZE, MAX_SIZE)
    _require_in_range("seed", seed, 0, 2**63 - 1)
    total = per_class * len(FINDINGS)
    with filling(target) as folder:
        for done, image in enumerate(_images(per_class), start=1):
            file = folder / image.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_jpeg(_pixels(image, seed, size)))
            if progress is not None:
                progress(done, total)
        write_json(folder / SYNTHETIC_MARKER, _marker(per_class, seed, size))
    return total


def images_by_path(per_class: int) -> dict[str, PhantomImage]:
    """Return the images of a data set of so many a finding by their paths; for `generators_of`."""
    return {str(image.path): image for image in _images(per_class)}


def generators_of(image: PhantomImage, seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Fresh generators (patient, image) that an image of a data set with this seed was drawn with."""
    key = (image.finding.index, image.patient)
    return (
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key)),
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*key, image.take))),
    )


def _images(per_class: int) -> Iterator[PhantomImage]:
    for finding in FINDINGS:
        for number in range(per_class):
            block, position = divmod(number, _BLOCK)
            last = position == _BLOCK - 1
            patient = block * (_BLOCK - 1) + position - (1 if last else 0)
            yield PhantomImage(finding, number, patient, take=1 if last else 0)


def _pixels(image: PhantomImage, seed: int, size: int) -> NDArray[np.uint8]:
    return draw_radiograph(image.finding, *generators_of(image, seed), size)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    exif = Image.Exif()
    exif[Base.ImageDescription] = NOTE
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY, comment=NOTE.encode(), exif=exif)
    return buffer.getvalue()


def _marker(per_class: int, seed: int, size: int) -> dict[str, int | str]:
    return {
        "note": NOTE,
        "generator": "neumo data phantom",
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        "per_class": per_class,
        "size": size,
    }


def _require_in_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise DatasetError(
            "phantoms: {name} {value} is out of range; choose {low} to {high}",
            name=name,
            value=value,
            low=low,
            high=high,
        )
