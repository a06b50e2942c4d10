"""Pixel cache: the decoded images of a whole data set, memory-mapped."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.core.cores import usable_cores
from neumo.core.errors import DatasetError, OutputError, UnreadableImageError
from neumo.core.files import replacing, write_json
from neumo.core.folder_lock import in_turn
from neumo.core.message import joined
from neumo.core.progress import Progress
from neumo.core.user_folders import cache_folder
from neumo.datasets.manifest import Manifest, write_manifest
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import Intensity, eight_bit_square, network_square

CACHE_VERSION = 2
"""Raised whenever decoding or preparation changes, so that old caches are not used."""

_BLOCK = 256


@dataclass(frozen=True)
class PixelStore:
    """All images of a manifest, in its order.

    Attributes
    ----------
    array : ndarray of uint8, shape (N, size, size)
        Memory-mapped and read-only: the operating system pages it in and out, so memory stays flat.
    file : Path
        The cache file.
    """

    array: NDArray[np.uint8]
    file: Path


def decoded_pixels(
    manifest: Manifest,
    size: int,
    *,
    field_of_view: float = 1.0,
    intensity: Intensity = Intensity.AS_STORED,
    progress: Progress | None = None,
) -> PixelStore:
    """Map the decoded data set into memory, decoding it first where that was not done yet.

    The cache lies in `cache_folder()`, in a folder named by the manifest's digest, beside a copy of the manifest;
    processes that want the same one wait for the first. It holds N x size x size bytes. `field_of_view` and
    `intensity` are those of `neumo.imaging.prepare`: where percentiles are taken, images of more than 8 bits are
    stored between theirs.

    Raises
    ------
    DatasetError
        An image cannot be decoded; the message counts and names them.
    OutputError
        The cache cannot be written.
    """
    folder = cache_folder() / manifest.digest[:24]
    part = "" if field_of_view == 1 else f"-{field_of_view:.4f}"
    target = folder / f"pixels-{size}{part}-{intensity}-v{CACHE_VERSION}.u8"
    shape = (len(manifest), size, size)
    if not _complete(target, shape):
        with in_turn(target.with_suffix(".lock")):
            if not _complete(target, shape):
                _fill(manifest, (size, field_of_view, intensity), target, progress)
    return PixelStore(np.memmap(target, dtype=np.uint8, mode="r", shape=shape), target)


def _fill(
    manifest: Manifest, how: tuple[int, float, Intensity], target: Path, progress: Progress | None
) -> None:
    """Decode all images into the cache, and write beside it what it holds. Raises DatasetError, OutputError."""
    try:
        _decode_all(manifest, how, target, progress)
        write_manifest(manifest, target.with_name("manifest.csv"))
        shape = (len(manifest), how[0], how[0])
        write_json(
            target.with_suffix(".json"), {"shape": shape, "dtype": "uint8", "root": str(manifest.root)}
        )
    except OutputError as error:
        raise OutputError("{error}, or set NEUMO_CACHE", error=error) from error


def _complete(target: Path, shape: tuple[int, int, int]) -> bool:
    try:
        stated = json.loads(target.with_suffix(".json").read_text(encoding="utf-8"))["shape"]
        return tuple(stated) == shape and target.stat().st_size == shape[0] * shape[1] * shape[2]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _decode_all(
    manifest: Manifest, how: tuple[int, float, Intensity], target: Path, progress: Progress | None
) -> None:
    faults: list[str] = []
    size = how[0]

    def decoded(position: int) -> NDArray[np.uint8]:
        try:
            radiograph = open_radiograph(manifest.file(manifest.entries[position]))
            return eight_bit_square(network_square(radiograph, *how))
        except UnreadableImageError as error:
            faults.append(error.message)
            return np.zeros((size, size), dtype=np.uint8)

    total = len(manifest)
    with (
        replacing(target) as temporary,
        temporary.open("wb") as stream,
        ThreadPoolExecutor(usable_cores()) as pool,
    ):
        for start in range(0, total, _BLOCK):
            block = range(start, min(start + _BLOCK, total))
            stream.writelines(image.tobytes() for image in pool.map(decoded, block))
            if progress is not None:
                progress(block.stop, total)
        stream.flush()
        if faults:
            shown = joined("\n  ", sorted(faults)[:10])
            raise DatasetError(
                "{root}: {count} of {total} images cannot be decoded; remove or replace them (neumo "
                "data check lists all):\n  {shown}",
                root=manifest.root,
                count=len(faults),
                total=total,
                shown=shown,
            )
