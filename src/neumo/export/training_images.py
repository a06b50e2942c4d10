"""Digests and fingerprints of the images that a run was trained and validated on, for its bundle."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.training_images import save_training_images, stored_prints
from neumo.core.cores import usable_cores
from neumo.core.errors import UnreadableImageError
from neumo.datasets.check.fingerprint import SIDE, fingerprint
from neumo.datasets.manifest import Manifest
from neumo.imaging import open_radiograph
from neumo.training.run_folder import RunFolder


def write_training_images(target: Path, run: RunFolder, manifest: Manifest) -> None:
    """Write training.npz of a bundle that is being made. Raises OutputError."""
    split = run.split(manifest)
    seen = {path for part in ("train", "val") for path in split.parts.get(part, ())}
    entries = [entry for entry in manifest.entries if entry.path in seen]
    with ThreadPoolExecutor(usable_cores()) as pool:
        prints = list(pool.map(_print_of, (manifest.file(entry) for entry in entries)))
    save_training_images(target, [entry.sha256 for entry in entries], np.concatenate(prints))


def _print_of(file: Path) -> NDArray[np.int8]:
    try:
        pixels = open_radiograph(file).pixels
    except UnreadableImageError:
        return np.zeros((1, SIDE * SIDE), dtype=np.int8)
    return stored_prints(fingerprint(pixels)[np.newaxis])
