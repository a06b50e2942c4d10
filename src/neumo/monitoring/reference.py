"""What readings looked like when all was well: a period of the archive, or what a bundle carries."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.folder import Bundle
from neumo.core.errors import BundleError
from neumo.monitoring.history import Read

FILE: Final = "reference.npz"
"""In a bundle: sorted float32 arrays "distance" and "pneumonia"."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Figures of some readings of one bundle.

    Attributes
    ----------
    distance : ndarray of float64, shape (n,)
        Of the gate; at least 0.
    pneumonia : ndarray of float64, shape (m,)
        Its probability, in 0-1; readings with an answer only.
    refused, readings : int or None
        Refusals, and readings with them; None where that is not known.
    """

    distance: NDArray[np.float64]
    pneumonia: NDArray[np.float64]
    refused: int | None
    readings: int | None


def sample_of(read: Sequence[Read]) -> Sample:
    """Return the figures of readings."""
    return Sample(
        distance=np.array([each.distance for each in read if each.distance is not None], dtype=np.float64),
        pneumonia=np.array([each.pneumonia for each in read if each.pneumonia is not None], dtype=np.float64),
        refused=sum(each.refused for each in read),
        readings=len(read),
    )


def bundle_reference(bundle: Bundle) -> Sample | None:
    """Return the reference that a bundle carries, or None. Raises BundleError where it is not what it should be."""
    file = bundle.path / FILE
    if not file.is_file():
        return None
    try:
        # NumPy leaves a file open that it opened itself and cannot use.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            distance, pneumonia = arrays["distance"], arrays["pneumonia"]
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise _unusable(file, "is no archive of the two arrays") from error
    return Sample(_checked(file, "distance", distance), _checked(file, "pneumonia", pneumonia), None, None)


def _checked(file: Path, name: str, values: NDArray[np.float32]) -> NDArray[np.float64]:
    if values.ndim != 1 or values.dtype != np.float32:
        raise _unusable(file, f"{name} is {values.dtype} of shape {values.shape}, not a row of float32")
    if not np.isfinite(values).all() or (values < 0).any() or (np.diff(values) < 0).any():
        raise _unusable(file, f"{name} holds values that are negative, not finite or not sorted")
    return values.astype(np.float64)


def _unusable(file: Path, why: str) -> BundleError:
    return BundleError(f"{file}: {why}; install the bundle again, or give --reference-until")
