"""Compute fingerprints of image files, for finding near-duplicates of a bundle's training images."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from neumo.bundle.training_images import Prints, stored_prints
from neumo.core.cores import usable_cores
from neumo.core.errors import UnreadableImageError
from neumo.datasets.check.fingerprint import SIDE, fingerprint
from neumo.imaging import open_radiograph


def file_fingerprints(files: Sequence[Path]) -> Prints:
    """Return the fingerprints of files as int8, shape (N, 1024); zeros for one that cannot be read."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        return np.concatenate(list(pool.map(_print_of, files)))


def _print_of(file: Path) -> Prints:
    try:
        pixels = open_radiograph(file).pixels
    except UnreadableImageError:
        return np.zeros((1, SIDE * SIDE), dtype=np.int8)
    return stored_prints(fingerprint(pixels)[np.newaxis])
