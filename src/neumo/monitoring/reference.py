"""References for drift: a period of the archive when all was well, or the one that a bundle carries."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.acceptance import AcceptanceRecord
from neumo.bundle.drift_reference import load_drift_reference
from neumo.bundle.folder import Bundle
from neumo.monitoring.history import Read


@dataclass(frozen=True, slots=True)
class Sample:
    """Gate distance, probability and refusals of some readings of one bundle.

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
    """Return the sample that readings make."""
    return Sample(
        distance=np.array([each.distance for each in read if each.distance is not None], dtype=np.float64),
        pneumonia=np.array([each.pneumonia for each in read if each.pneumonia is not None], dtype=np.float64),
        refused=sum(each.refused for each in read),
        readings=len(read),
    )


def bundle_reference(bundle: Bundle, record: AcceptanceRecord | None = None) -> Sample | None:
    """Return the reference that a bundle carries, or None.

    That of a site bundle is of its site's radiographs; how many of them were refused stands in its acceptance record.

    Raises
    ------
    BundleError
        It is not what it should be.
    """
    carried = load_drift_reference(bundle.path)
    if carried is None:
        return None
    return Sample(
        carried.distance.astype(np.float64),
        carried.pneumonia.astype(np.float64),
        None if record is None else record.refused,
        None if record is None else record.images,
    )
