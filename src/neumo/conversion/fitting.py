"""Search for the scaling and class order of a network, by trial on labelled radiographs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo.conversion.adapted_graph import INPUT, probe_graph
from neumo.conversion.outputs import Classes, Meaning, Values, scores_of, values_of
from neumo.conversion.scaling import Scaling
from neumo.conversion.source_network import SourceNetwork, open_session, require_independent
from neumo.core.errors import ConversionError
from neumo.core.findings import Finding
from neumo.core.progress import Progress
from neumo.evaluation.metrics.classification import bacterial_share
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray, weighted_auroc
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.values import Estimate
from neumo.imaging.prepare import Intensity, scale_intensity
from neumo.inference.posterior import calibrated

EACH: Final = 100
"""Radiographs of each outcome that scalings are tried on, at most."""
_BATCH: Final = 16
_MIN_KINDS: Final = 10
"""Radiographs of bacterial and of viral pneumonia from which their order is found."""
_FLOOR: Final = 1e-12


@dataclass(frozen=True)
class Tried:
    """One scaling, with the order of classes that fits it best.

    Attributes
    ----------
    scaling : Scaling
    classes : Classes
    auroc : Estimate
        Of normal against pneumonia.
    behind : Estimate
        AUROC of the best one less this one's, on the same resamples of patients.
    loss : float
        Mean log loss of pneumonia or not, as the network states it.
    """

    scaling: Scaling
    classes: Classes
    auroc: Estimate
    behind: Estimate
    loss: float

    @property
    def alike(self) -> bool:
        """Whether these radiographs cannot distinguish it from the best candidate."""
        return not self.behind.low > 0


@dataclass(frozen=True)
class Fitting:
    """The scaling and class order that were chosen, and their alternatives.

    Attributes
    ----------
    scaling : Scaling
    classes : Classes
    values : Values
        What the outputs are.
    tried : tuple of Tried
        The best first.
    images : int
        Radiographs that it was tried on.
    kinds : Estimate or None
        AUROC of bacterial against viral pneumonia in the order taken; None where it was not looked at.
    """

    scaling: Scaling
    classes: Classes
    values: Values
    tried: tuple[Tried, ...]
    images: int
    kinds: Estimate | None

    @property
    def ambiguous(self) -> tuple[Scaling, ...]:
        """Other scalings that could not be told from the one that was taken."""
        return tuple(one.scaling for one in self.tried if one.alike and one.scaling is not self.scaling)


def fit_input(
    network: SourceNetwork,
    squares: NDArray[np.uint8],
    codes: IntArray,
    patients: Sequence[str],
    *,
    scalings: Sequence[Scaling],
    orders: Sequence[Classes],
    progress: Progress | None = None,
) -> Fitting:
    """Find the scaling and the order of classes by AUROC; among those alike, the one whose answers lose least.

    Parameters
    ----------
    network : SourceNetwork
    squares : ndarray of uint8, shape (N, side, side)
        Radiographs labelled normal or pneumonia, with at least one of each.
    codes : ndarray of int64, shape (N,)
        Labels, as positions in `neumo.core.labels.LABELS`.
    patients : sequence of str, length N
    scalings, orders : sequence
        What is plausible, or the one that was declared.
    progress : callable, optional

    Raises
    ------
    ConversionError
        Nothing tells pneumonia from normal, or the kinds' order is open, or an answer depends on other images.
    """
    chosen = _drawn(codes)
    squares, codes, people = squares[chosen], codes[chosen], [patients[i] for i in chosen]
    raw = _answers(network, squares, scalings, progress)
    values = values_of(np.concatenate([*raw.values()]))
    sick: BoolArray = codes != Finding.NORMAL.index
    best = {scaling: _best_order(found, values, orders, codes, sick) for scaling, found in raw.items()}
    chances = {scaling: _probabilities(raw[scaling], values, classes) for scaling, classes in best.items()}
    tried = _compared(chances, best, sick, people)
    alike = [one for one in tried if one.alike]
    taken = min(alike, key=lambda one: one.loss)
    if not taken.auroc.low > 0.5:
        raise ConversionError(
            "{file}: with no scaling it tells pneumonia from normal in {images} radiographs (best: {scaling}, AUROC "
            "{auroc:.3f}, 95 % interval {low:.3f} to {high:.3f}); check labels, output, classes and layout",
            file=network.file,
            images=len(codes),
            scaling=tried[0].scaling.value,
            auroc=tried[0].auroc.value,
            low=tried[0].auroc.low,
            high=tried[0].auroc.high,
        )
    kinds = None
    if taken.classes.tells_kinds:
        kinds = _kinds(network, chances[taken.scaling], codes, people, searched=len(orders) > 1)
    return Fitting(taken.scaling, taken.classes, values, tried, len(codes), kinds)


def _drawn(codes: IntArray) -> NDArray[np.int64]:
    """Return positions of at most `EACH` radiographs of each outcome, drawn with a fixed seed."""
    rng = np.random.default_rng(0)
    sick = codes != Finding.NORMAL.index
    parts = [rng.permutation(np.flatnonzero(outcome))[:EACH] for outcome in (sick, ~sick)]
    return np.sort(np.concatenate(parts))


def _answers(
    network: SourceNetwork,
    squares: NDArray[np.uint8],
    scalings: Sequence[Scaling],
    progress: Progress | None,
) -> dict[Scaling, FloatArray]:
    found: dict[Scaling, FloatArray] = {}
    done, whole = 0, len(scalings) * len(squares)
    for scaling in scalings:
        session = open_session(network.file, probe_graph(network, scaling), threads=0)
        rows: list[FloatArray] = []
        for start in range(0, len(squares), _BATCH):
            images = scale_intensity(squares[start : start + _BATCH], Intensity.AS_STORED)[:, np.newaxis]
            (answer,) = session.run(None, {INPUT: images})
            if not rows:
                (alone,) = session.run(None, {INPUT: images[:1]})
                require_independent(network.file, np.asarray(answer)[:1], np.asarray(alone))
            rows.append(np.asarray(answer, dtype=np.float64).reshape(len(images), -1))
            done += len(images)
            if progress is not None:
                progress(done, whole)
        answers = np.concatenate(rows)
        if np.isfinite(answers).all():
            found[scaling] = answers
    if not found:
        raise ConversionError(
            "{file}: its answers to radiographs are not finite, whatever the scaling", file=network.file
        )
    return found


def _probabilities(raw: FloatArray, values: Values, classes: Classes) -> FloatArray:
    weights, bias = classes.linear()
    return calibrated(scores_of(raw, values, classes) @ weights.T.astype(np.float64) + bias, 1.0)


def _best_order(
    raw: FloatArray, values: Values, orders: Sequence[Classes], codes: IntArray, sick: BoolArray
) -> Classes:
    """Return the order with the greatest AUROC, of normal first, then of the kinds."""
    everyone = np.ones((1, len(codes)))

    def fit(classes: Classes) -> tuple[float, float]:
        chances = _probabilities(raw, values, classes)
        kinds = _of_kinds(codes)
        normal = float(weighted_auroc(sick, 1 - chances[:, 0], everyone)[0])
        if not classes.tells_kinds or not kinds.any():
            return normal, 0.0
        bacterial = codes == Finding.BACTERIAL_PNEUMONIA.index
        return round(normal, 9), float(
            weighted_auroc(bacterial, bacterial_share(chances), everyone * kinds)[0]
        )

    return max(orders, key=fit)


def _of_kinds(codes: IntArray) -> BoolArray:
    found: BoolArray = np.isin(codes, [Finding.BACTERIAL_PNEUMONIA.index, Finding.VIRAL_PNEUMONIA.index])
    return found


def _compared(
    chances: Mapping[Scaling, FloatArray],
    orders: Mapping[Scaling, Classes],
    sick: BoolArray,
    patients: Sequence[str],
) -> tuple[Tried, ...]:
    pneumonia = {scaling: 1 - found[:, Finding.NORMAL.index] for scaling, found in chances.items()}
    everyone = np.ones((1, len(sick)))
    best = max(pneumonia, key=lambda one: float(weighted_auroc(sick, pneumonia[one], everyone)[0]))

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        found = {scaling: weighted_auroc(sick, values, weights) for scaling, values in pneumonia.items()}
        return {
            **{scaling.value: areas for scaling, areas in found.items()},
            **{f"behind {scaling.value}": found[best] - areas for scaling, areas in found.items()},
        }

    measured = estimates(measure, patients)
    tried = [
        Tried(
            scaling,
            orders[scaling],
            measured[scaling.value],
            measured[f"behind {scaling.value}"],
            _loss(sick, pneumonia[scaling]),
        )
        for scaling in pneumonia
    ]
    return tuple(sorted(tried, key=lambda one: (one.behind.value, one.loss)))


def _loss(sick: BoolArray, pneumonia: FloatArray) -> float:
    right = np.where(sick, pneumonia, 1 - pneumonia)
    return float(-np.log(np.maximum(right, _FLOOR)).mean())


def _kinds(
    network: SourceNetwork, chances: FloatArray, codes: IntArray, patients: Sequence[str], *, searched: bool
) -> Estimate | None:
    """Return the AUROC of bacterial against viral; None where too few are labelled so.

    Raises
    ------
    ConversionError
        Their order was searched for, and does not follow.
    """
    bacterial, kinds = codes == Finding.BACTERIAL_PNEUMONIA.index, _of_kinds(codes)
    found = None
    if min(int(bacterial.sum()), int((kinds & ~bacterial).sum())) >= _MIN_KINDS:
        shares = bacterial_share(chances)
        found = estimates(
            lambda weights: {"kinds": weighted_auroc(bacterial, shares, weights * kinds)}, patients
        )["kinds"]
    if searched and (found is None or not found.low > 0.5):
        raise ConversionError(
            "{file}: which output is bacterial and which viral does not follow from these radiographs; give --classes, "
            "such as {example}",
            file=network.file,
            example=",".join((Meaning.BACTERIAL, Meaning.NORMAL, Meaning.VIRAL)),
        )
    return found
