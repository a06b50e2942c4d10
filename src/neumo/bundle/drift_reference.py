"""reference.npz of a bundle: gate distances and probabilities on the held-out folds, which drift is measured from."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.arrays import read_arrays
from neumo.core.errors import BundleError
from neumo.core.faults import own_fault
from neumo.core.files import replacing
from neumo.core.message import Message

DRIFT_REFERENCE: Final = "reference.npz"
"""In a bundle: sorted float32 arrays "distance" and "pneumonia"."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DriftReference:
    """Values of held-out images, each in ascending order.

    Attributes
    ----------
    distance : ndarray of float32, shape (n,)
        Of the gate; at least 0.
    pneumonia : ndarray of float32, shape (m,)
        Calibrated probability, in 0-1, of the images that the gate lets through.
    """

    distance: Floats
    pneumonia: Floats


def save_drift_reference(
    target: Path, distance: NDArray[np.floating], pneumonia: NDArray[np.floating]
) -> None:
    """Write a bundle's reference as NumPy's npz, without pickles, from values in any order. Raises OutputError."""
    with replacing(target) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            distance=np.sort(distance.astype(np.float32)),
            pneumonia=np.sort(pneumonia.astype(np.float32)),
        )


def load_drift_reference(folder: Path) -> DriftReference | None:
    """Return the reference of a bundle's folder, or None. Raises BundleError where it is not what it should be."""
    file = folder / DRIFT_REFERENCE
    if not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            arrays = read_arrays(stream)
        distance, pneumonia = arrays["distance"], arrays["pneumonia"]
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        if own_fault(error) is not None:
            raise BundleError("{file}: cannot be read ({reason})", file=file, reason=error) from error
        raise _unusable(file, Message("is no archive of the two arrays")) from error
    return DriftReference(_checked(file, "distance", distance), _checked(file, "pneumonia", pneumonia))


def _checked(file: Path, name: str, values: Floats) -> Floats:
    if values.ndim != 1 or values.dtype != np.float32:
        raise _unusable(
            file,
            Message(
                "{name} is {kind} of shape {shape}, not a row of float32",
                name=name,
                kind=values.dtype,
                shape=values.shape,
            ),
        )
    if not np.isfinite(values).all() or (values < 0).any() or (np.diff(values) < 0).any():
        raise _unusable(
            file, Message("{name} holds values that are negative, not finite or not sorted", name=name)
        )
    return values


def _unusable(file: Path, why: str) -> BundleError:
    return BundleError(
        "{file}: {why}; install the bundle again, or give --reference-until", file=file, why=why
    )
