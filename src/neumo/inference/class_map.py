"""The class map of an answer: the graph's own, or one by occlusion."""

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.explain.occlusion import occlusion_map
from neumo.inference.session import Session

Floats = NDArray[np.float32]


def class_map_of(
    image: Floats, class_maps: Floats | None, finding: Finding, session: Session, *, occlude: bool
) -> Floats | None:
    """Return the graph's own map of a finding, shape (h, w); where it has none, one by occlusion if that is wanted.

    Parameters
    ----------
    image : ndarray of float32, shape (1, side, side)
        As the network got it.
    class_maps : ndarray of float32, shape (3, h, w), or None
        The graph's.
    finding : Finding
    session : Session
    occlude : bool
        Occlusion costs some 200 images' time.
    """
    if class_maps is not None:
        chosen: Floats = class_maps[finding.index].copy()
        return chosen
    if not occlude:
        return None

    def score(images: Floats) -> Floats:
        logits: Floats = session.run(images).logits[:, finding.index]
        return logits

    return occlusion_map(score, image)
