"""Outlines of the thorax on phantoms, drawn again from their seeds."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neumo.datasets.layout import SYNTHETIC_MARKER
from neumo.datasets.phantoms.dataset import GENERATOR_VERSION, generators_of, images_by_path
from neumo.datasets.phantoms.radiograph import posed
from neumo.datasets.phantoms.thorax import Field, draw_anatomy, thorax_field


def phantom_outlines(folder: Path, paths: Sequence[str], size: int) -> dict[str, Field] | None:
    """Draw the thorax (lungs, heart and mediastinum) of phantoms that `make_phantoms` wrote.

    Parameters
    ----------
    folder : Path
        Of the data set.
    paths : sequence of str
        POSIX paths relative to it.
    size : int
        Side of the fields in pixels; it need not be that of the files.

    Returns
    -------
    dict of str to ndarray of float32, shape (size, size), or None
        By path, 0 outside to 1 inside. None where the folder's marker is of another generator, or does not
        account for one of the paths.
    """
    try:
        marker = json.loads((folder / SYNTHETIC_MARKER).read_text(encoding="utf-8"))
        known = marker["generator_version"] == GENERATOR_VERSION
        seed, per_class = int(marker["seed"]), int(marker["per_class"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sources = images_by_path(per_class)
    if not known or not set(paths) <= set(sources):
        return None
    fields = {}
    for path in paths:
        patient, image = generators_of(sources[path], seed)
        anatomy = draw_anatomy(patient)
        fields[path] = np.asarray(thorax_field(anatomy, *posed(image, size)), dtype=np.float32)
    return fields
