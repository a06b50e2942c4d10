"""Images of a manifest as an evaluation by source takes them."""

from collections.abc import Sequence

import numpy as np

from neumo.datasets.manifest import Entry
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray
from neumo.evaluation.sources.values import Images


def images_of(
    entries: Sequence[Entry],
    *,
    probabilities: FloatArray,
    refused: Sequence[str] | None = None,
    sets: BoolArray | None = None,
) -> Images:
    """Return N entries with their answers; none is refused where `refused` is left out."""
    return Images(
        sources=tuple(entry.source for entry in entries),
        views=tuple(entry.view for entry in entries),
        patients=tuple(entry.patient for entry in entries),
        codes=np.array([entry.code for entry in entries], dtype=np.int64),
        refused=("",) * len(entries) if refused is None else tuple(refused),
        probabilities=probabilities,
        sets=sets,
    )
