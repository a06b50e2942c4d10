"""The likely cause of a refusal by distance: grey levels inverted, or the radiograph turned."""

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.folder import Bundle
from neumo.inference.session import Session

_MIN_DISTANCE_RATIO = 1.1
"""Minimum ratio of the image's gate distance to that of its inverted or rotated copy for naming a likely cause."""


def likely_cause(image: NDArray[np.float32], distance: float, session: Session, bundle: Bundle) -> str | None:
    """Return "inverted" or "turned" if inverting or rotating a refused image makes the gate accept it, else None.

    Parameters
    ----------
    image : ndarray of float32, shape (1, side, side)
        As the network got it.
    distance : float
        Of its embedding.
    session : Session
    bundle : Bundle
    """
    variants = np.stack([1 - image, *(np.rot90(image, turns, axes=(1, 2)) for turns in (1, 2, 3))])
    embeddings = session.run(np.ascontiguousarray(variants)).embeddings
    distances = bundle.gate_statistics.distance(embeddings)
    nearest = float(distances.min())
    if nearest > bundle.config.gate.distance or nearest * _MIN_DISTANCE_RATIO > distance:
        return None
    return "inverted" if int(distances.argmin()) == 0 else "turned"
