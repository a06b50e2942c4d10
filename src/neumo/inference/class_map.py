"""The class map of an answer: the graph's own, or one by occlusion."""

import numpy as np
from numpy.typing import NDArray

from neumo.core.labels import Outcome, findings_of
from neumo.explain.heatmap import map_of
from neumo.explain.occlusion import occlusion_map
from neumo.inference.session import Session

Floats = NDArray[np.float32]


def class_map_of(
    image: Floats, class_maps: Floats | None, outcome: Outcome, session: Session, *, occlude: bool
) -> Floats | None:
    """Return the graph's own map of an outcome, shape (h, w); where it has none, one by occlusion if that is wanted.

    Parameters
    ----------
    image : ndarray of float32, shape (1, side, side)
        As the network got it.
    class_maps : ndarray of float32, shape (3, h, w), or None
        The graph's.
    outcome : Outcome
    session : Session
    occlude : bool
        Occlusion costs some 200 images' time.
    """
    if class_maps is not None:
        return map_of(class_maps, outcome)
    if not occlude:
        return None

    columns = sorted(finding.index for finding in findings_of([outcome]))

    def score(images: Floats) -> Floats:
        logits: Floats = session.run(images).logits[:, columns].mean(axis=1)
        return logits

    return occlusion_map(score, image)
