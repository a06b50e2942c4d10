"""The checks of heat maps, made anew on a site's images under its own last layer."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from neumo.bundle.folder import Bundle
from neumo.core.findings import FINDINGS
from neumo.core.progress import Progress
from neumo.evaluation.explanations.checks import ExplanationChecks, check_explanations
from neumo.evaluation.explanations.measure import CheckedImage, measure_maps
from neumo.evaluation.explanations.thorax_share import fixed_field
from neumo.export.randomised_graph import randomised_graph
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import network_square, scale_intensity
from neumo.inference.session import Session

IMAGES: Final = 40
"""Radiographs that the checks are made on, at most."""
_DRAWS: Final = 5


def check_site_maps(
    base: Bundle,
    graph: bytes,
    files: Sequence[Path],
    patients: Sequence[str],
    progress: Progress | None = None,
) -> ExplanationChecks:
    """Check the heat maps of a graph on radiographs that were read.

    Parameters
    ----------
    base : Bundle
        Whose class maps are exact.
    graph : bytes
        With another last layer.
    files : sequence of Path, length N
    patients : sequence of str, length N
    progress : callable, optional
        Called with the images done and their total.
    """
    config, bundle = base.config, replace(base, model=graph)
    session = Session(bundle, 1)
    shuffled = [Session(replace(bundle, model=randomised_graph(graph, draw)), 1) for draw in range(_DRAWS)]
    chosen = np.random.default_rng(0).permutation(len(files))[:IMAGES]
    field = fixed_field()
    images = []
    for position in chosen:
        square = network_square(
            open_radiograph(files[position]), config.image_size, config.field_of_view, config.intensity
        )
        image = scale_intensity(square, config.intensity)[np.newaxis]
        finding = int(session.run(image[np.newaxis]).logits[0].argmax())
        images.append(CheckedImage(image, finding, field))
    measured, _ = measure_maps(
        session, shuffled, images, temperature=config.temperature, seed=0, progress=progress
    )
    return check_explanations(
        measured,
        [patients[position] for position in chosen],
        [FINDINGS[one.finding] for one in images],
        field="fixed",
        field_area=float(field.mean()),
    )
