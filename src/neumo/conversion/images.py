"""Labelled radiographs as a network from elsewhere sees them: their squares, and what it gives for these."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import BundleConfig
from neumo.bundle.folder import Bundle
from neumo.commissioning.graph import FeatureSession, NetworkOutputs
from neumo.commissioning.local_readings import LocalReadings, joined
from neumo.commissioning.reading import row_of, square_of
from neumo.core.cores import usable_cores
from neumo.core.progress import Progress
from neumo.evaluation.metrics.weighted import IntArray
from neumo.export.fit_gate import FittedGate, fit_gate
from neumo.export.restyling import damage, restyling
from neumo.imaging.prepare import scale_intensity
from neumo.inference.opening import open_source, unexpected_failure

Floats = NDArray[np.float32]
Squares = NDArray[np.uint8]

_BATCH: Final = 8
_SEED: Final = 1


@dataclass(frozen=True)
class Images:
    """Opened files.

    Attributes
    ----------
    readings : LocalReadings
        A row a file, without what a network gives.
    squares : ndarray of uint8, shape (M, side, side)
        Of those that are not barred, in their order.
    """

    readings: LocalReadings
    squares: Squares


def open_images(
    files: Sequence[Path], config: BundleConfig, threads: int | None = None, progress: Progress | None = None
) -> Images:
    """Open files, and bring what can be read to the side of a network's input.

    Parameters
    ----------
    files : sequence of Path
    config : BundleConfig
        Side, field of view, and the gate's smallest side.
    threads : int, optional
    progress : callable, optional
    """

    def opened(file: Path) -> tuple[LocalReadings, Squares | None]:
        source = open_source(file)
        try:
            square, reason = square_of(source, config)
        except Exception as error:  # one image that cannot be read must not end the rest
            square, reason = None, unexpected_failure(error).code
        return row_of(source, reason, 0), None if square is None else square.astype(np.uint8, copy=False)

    rows, squares = [], []
    with ThreadPoolExecutor(threads or usable_cores()) as pool:
        for row, square in pool.map(opened, files):
            rows.append(row)
            if square is not None:
                squares.append(square)
            if progress is not None:
                progress(len(rows), len(files))
    side = config.image_size
    return Images(joined(rows), np.stack(squares) if squares else np.zeros((0, side, side), dtype=np.uint8))


def run_network(
    bundle: Bundle, squares: Squares, threads: int | None = None, progress: Progress | None = None
) -> NetworkOutputs:
    """Run a bundle's graph on squares (N, side, side), at least one."""
    session = FeatureSession(bundle)
    starts = range(0, len(squares), _BATCH)

    def run(start: int) -> NetworkOutputs:
        images = scale_intensity(squares[start : start + _BATCH], bundle.config.intensity)
        return session.run(images[:, np.newaxis])

    batches: list[NetworkOutputs] = []
    with ThreadPoolExecutor(threads or usable_cores()) as pool:
        for batch in pool.map(run, starts):
            batches.append(batch)
            if progress is not None:
                progress(min(len(batches) * _BATCH, len(squares)), len(squares))
    return NetworkOutputs(
        *(
            np.concatenate([getattr(batch, name) for batch in batches])
            for name in ("logits", "embeddings", "features")
        )
    )


def restyled(squares: Squares) -> Squares:
    """Return each square (N, side, side) once in a random style, as other makers and hospitals have it."""
    return restyling(_SEED)(squares)


def damaged(squares: Squares) -> Squares:
    """Return each square (N, side, side) once damaged: cut, inverted, turned or torn."""
    return damage(_SEED)(squares)


def gate_of(
    embeddings: Floats, changed: Floats, spoilt: Floats, numbers: IntArray
) -> tuple[FittedGate, NDArray[np.float32], NDArray[np.float64]]:
    """Fit the gate to images, as they are, restyled and damaged, and measure each by one that did not see its patient.

    Parameters
    ----------
    embeddings, changed, spoilt : ndarray of float32, shape (N, D)
        Of the images as they are, restyled, and damaged.
    numbers : ndarray of int64, shape (N,)
        Fold of each image's patient.

    Returns
    -------
    gate : FittedGate
        Fitted to all.
    distances : ndarray of float32, shape (2, N)
        Out of fold, of the images as they are and restyled.
    log_odds : ndarray of float64, shape (2, N)
        Of damage, likewise.
    """
    seen = np.stack([embeddings, changed])
    distances, log_odds = np.zeros((2, len(embeddings)), np.float32), np.zeros((2, len(embeddings)))
    for number in np.unique(numbers):
        outside = numbers == number
        fitted = fit_gate(np.concatenate(seen[:, ~outside]), spoilt[~outside])
        for row, each in enumerate(seen):
            distances[row, outside] = fitted.distance(each[outside])
            log_odds[row, outside] = fitted.log_odds(each[outside])
    return fit_gate(np.concatenate(seen), spoilt), distances, log_odds


def with_outputs(readings: LocalReadings, outputs: NetworkOutputs, distances: Floats) -> LocalReadings:
    """Return the rows of images that were run with what the network gave for them."""
    return replace(readings, logits=outputs.logits, features=outputs.features, distances=distances)
