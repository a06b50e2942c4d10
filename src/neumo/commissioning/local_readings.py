"""A bundle's outputs for a site's images, kept on disk block by block, so that reading can be resumed."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.arrays import read_arrays
from neumo.core.errors import CommissioningError
from neumo.core.files import replacing

BLOCK = 100
"""Images of one file."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LocalReadings:
    """Outputs for N images, with what their headers state; nothing that names a patient.

    Attributes
    ----------
    sha256 : ndarray of str, shape (N,)
        Of the files.
    barred : ndarray of str, shape (N,)
        Code of the reason why an image is refused or failed whatever a site sets; empty where there is none.
    logits : ndarray of float32, shape (N, 3)
        NaN, like all that follows from the network, where it was not run.
    features : ndarray of float32, shape (N, F)
        What the last layer takes.
    distances : ndarray of float32, shape (N,)
        Of the gate.
    ages : ndarray of float32, shape (N,)
        Years that the header states; NaN where it states none.
    views, sexes, devices : ndarray of str, shape (N,)
        As the header states them; empty where it does not.
    fingerprints : ndarray of int8, shape (N, 1024)
        Of `neumo.datasets.check.fingerprint`; all zero where the image could not be decoded.
    """

    sha256: NDArray[np.str_]
    barred: NDArray[np.str_]
    logits: Floats
    features: Floats
    distances: Floats
    ages: Floats
    views: NDArray[np.str_]
    sexes: NDArray[np.str_]
    devices: NDArray[np.str_]
    fingerprints: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.sha256)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Whether the network's answer may count, shape (N,)."""
        free: NDArray[np.bool_] = self.barred == ""
        return free

    def take(self, positions: NDArray[np.int64] | Sequence[int]) -> "LocalReadings":
        """Return the images at `positions`, in that order."""
        chosen = np.asarray(positions, dtype=np.int64)
        return LocalReadings(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def joined(parts: Iterable[LocalReadings]) -> LocalReadings:
    """Return the images of some readings, at least one, as one."""
    found = list(parts)
    return LocalReadings(
        **{
            one.name: np.concatenate([getattr(part, one.name) for part in found])
            for one in fields(LocalReadings)
        }
    )


class ReadingStore:
    """Blocks of readings in a folder, for one bundle; those of other bundles are left alone.

    Parameters
    ----------
    folder : Path
    bundle : str
        The bundle's digest.
    """

    def __init__(self, folder: Path, bundle: str) -> None:
        self.folder, self._bundle = folder, bundle

    def blocks(self) -> list[LocalReadings]:
        """Return the stored blocks, in the order of writing. Raises CommissioningError for a file that is no block."""
        return [_load(file) for file in sorted(self.folder.glob(f"{self._bundle[:12]}-*.npz"))]

    def append(self, readings: LocalReadings) -> None:
        """Store one block more. Raises OutputError."""
        number = len(list(self.folder.glob(f"{self._bundle[:12]}-*.npz")))
        values: Mapping[str, Any] = {one.name: getattr(readings, one.name) for one in fields(readings)}
        target = self.folder / f"{self._bundle[:12]}-{number:05d}.npz"
        with replacing(target) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, **values)


def _load(file: Path) -> LocalReadings:
    try:
        with file.open("rb") as stream:
            arrays = read_arrays(stream)
        found = LocalReadings(**{one.name: arrays[one.name] for one in fields(LocalReadings)})
        if len({len(getattr(found, one.name)) for one in fields(found)}) != 1 or found.logits.shape[1:] != (
            3,
        ):
            raise ValueError("its arrays do not belong together")
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise CommissioningError(
            "{file}: is no block of readings ({error}); remove it, its images are read again",
            file=file,
            error=error,
        ) from error
    return found
