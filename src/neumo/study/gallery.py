"""The gallery of a report: right and wrong answers of each class, with their class maps."""

import numpy as np

from neumo.core.findings import FINDINGS
from neumo.datasets.manifest import Manifest
from neumo.datasets.pixels import decoded_pixels
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.report.run_content import Case
from neumo.explain.heatmap import upsample
from neumo.models.weights import load_network
from neumo.training.predict import class_maps
from neumo.training.run_folder import RunFolder

CASES_A_KIND = 3
"""Radiographs shown of each class's right answers, and of its wrong ones."""


def instructive_cases(folder: RunFolder, manifest: Manifest, predictions: Predictions) -> tuple[Case, ...]:
    """Return right answers drawn at random and the most confident wrong ones of each class, with their class maps.

    Raises
    ------
    CheckpointError
        The run's weights cannot be loaded.
    """
    trained = load_network(folder.path)
    chosen = chosen_cases(predictions)
    position = {entry.path: i for i, entry in enumerate(manifest.entries)}
    card = trained.card
    pixels = decoded_pixels(
        manifest, card.image_size, field_of_view=card.field_of_view, intensity=card.intensity
    ).array[[position[predictions.paths[i]] for i in chosen]]
    maps = class_maps(trained, pixels)[np.arange(len(chosen)), predictions.decisions[chosen]]
    cases = (
        Case(
            path=predictions.paths[i],
            truth=FINDINGS[predictions.truth[i]],
            decision=FINDINGS[predictions.decisions[i]],
            probabilities=_three(predictions, i),
            pixels=image,
            heat=upsample(heat, image.shape) if heat.max() > 0 else None,
        )
        for i, image, heat in zip(chosen, pixels, maps, strict=True)
    )
    # Missed pneumonias first: in medicine they matter most.
    return tuple(sorted(cases, key=lambda case: (not case.is_missed, case.is_right)))


def chosen_cases(predictions: Predictions) -> list[int]:
    """Return positions of up to three right answers of each class, at random, and its most confident wrong ones."""
    rng = np.random.default_rng(0)
    confidence = predictions.probabilities.max(axis=1)
    chosen: list[int] = []
    for finding in FINDINGS:
        own = predictions.truth == finding.index
        right = np.flatnonzero(own & (predictions.decisions == finding.index))
        wrong = np.flatnonzero(own & (predictions.decisions != finding.index))
        chosen += rng.permutation(right)[:CASES_A_KIND].tolist()
        chosen += wrong[np.argsort(-confidence[wrong])][:CASES_A_KIND].tolist()
    return chosen


def _three(predictions: Predictions, position: int) -> tuple[float, float, float]:
    normal, bacterial, viral = predictions.probabilities[position].tolist()
    return normal, bacterial, viral
