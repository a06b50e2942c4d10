"""Measurements of the heat map checks on each image: likeness to shuffled weights, place, deletion and insertion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.core.progress import Progress
from neumo.evaluation.explanations.checks import MEASURES, MIN_INSIDE
from neumo.evaluation.explanations.deletion_insertion import Curves, area, curves
from neumo.evaluation.explanations.map_similarity import rank_correlation, top_overlap
from neumo.evaluation.explanations.thorax_share import share_inside
from neumo.explain.alarms import map_alarm
from neumo.inference.posterior import calibrated
from neumo.inference.session import Session

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CheckedImage:
    """One radiograph that was read.

    Attributes
    ----------
    image : ndarray of float32, shape (1, side, side)
        The network's input.
    finding : int
        Index of the answer.
    field : ndarray of float32
        Where the thorax is (`neumo.evaluation.explanations.thorax_share`).
    """

    image: NDArray[np.float32]
    finding: int
    field: NDArray[np.float32]


def measure_maps(
    session: Session,
    shuffled: Sequence[Session],
    images: Sequence[CheckedImage],
    *,
    temperature: float,
    seed: int,
    progress: Progress | None = None,
) -> tuple[dict[str, Floats], list[Curves]]:
    """Measure the heat maps of images.

    Parameters
    ----------
    session : Session
        Of a bundle that gives class maps.
    shuffled : sequence of Session
        Of its graph with shuffled weights.
    images : sequence of CheckedImage, length N
    temperature : float
        The bundle's.
    seed : int
        Of the random orders.
    progress : callable, optional
        Called with the images done and their total.

    Returns
    -------
    measured : dict of str to ndarray of float64, shape (N,)
        By the keys of MEASURES; NaN where a map is flat.
    followed : list of Curves
    """
    rows: list[dict[str, float]] = []
    followed: list[Curves] = []
    for number, one in enumerate(images):
        class_map = _class_map(session, one)
        curve = curves(
            one.image,
            class_map,
            _probability(session, one.finding, temperature),
            np.random.default_rng((seed, number)),
        )
        rows.append(_row(class_map, [_class_map(other, one) for other in shuffled], one.field, curve))
        followed.append(curve)
        if progress is not None:
            progress(number + 1, len(images))
    return {key: np.array([row[key] for row in rows]) for key in MEASURES}, followed


def _class_map(session: Session, one: CheckedImage) -> NDArray[np.float32]:
    maps = session.run(one.image[np.newaxis]).class_maps
    assert maps is not None, "the bundle gives class maps"
    class_map: NDArray[np.float32] = maps[0, one.finding]
    return class_map


def _probability(
    session: Session, finding: int, temperature: float
) -> Callable[[NDArray[np.float32]], Floats]:
    def probability(images: NDArray[np.float32]) -> Floats:
        logits = session.run(images).logits
        return calibrated(logits, temperature)[:, finding]

    return probability


def _row(
    class_map: NDArray[np.float32],
    shuffled: Sequence[NDArray[np.float32]],
    field: NDArray[np.float32],
    curve: Curves,
) -> dict[str, float]:
    inside = share_inside(class_map, field)
    deletion, insertion = area(curve.deletion), area(curve.insertion)
    # A shuffle may turn a map's sign over; the same picture upside down is still the same picture.
    likeness = np.array([abs(rank_correlation(class_map, other)) for other in shuffled])
    known = likeness[~np.isnan(likeness)]
    return {
        "randomised_correlation": float(known.mean()) if known.size else float("nan"),
        "randomised_overlap": float(np.mean([top_overlap(class_map, other) for other in shuffled])),
        "share_inside": inside,
        "outside": float("nan") if np.isnan(inside) else float(inside < MIN_INSIDE),
        "deletion_area": deletion,
        "deletion_gain": area(curve.random_deletion) - deletion,
        "insertion_area": insertion,
        "insertion_gain": insertion - area(curve.random_insertion),
        "alarm": float(map_alarm(class_map) is not None),
    }
