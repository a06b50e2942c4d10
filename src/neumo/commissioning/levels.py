"""Levels of adaptation to a site, from nothing to a new last layer; the choice by cross-validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from neumo.commissioning.softmax_fit import UNCHANGED, Fit, fit, log_losses
from neumo.core.findings import Finding
from neumo.core.labels import ALLOWED
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray

FOLDS: Final = 5
RIDGES: Final = (300.0, 100.0, 30.0, 10.0, 3.0)
"""Grid of ridge penalties for the last layer's weights, strongest first."""
MIN_PATIENTS: Final = 10
"""Patients with, and patients without pneumonia, below which nothing is set."""


class Level(StrEnum):
    """Levels of adaptation to a site, the simplest first."""

    NOTHING = "nothing"
    RECALIBRATION = "recalibration"
    HEAD = "head"


@dataclass(frozen=True)
class Material:
    """Images that the network answered.

    Attributes
    ----------
    base : ndarray of float64, shape (N, 3)
        Logits over the bundle's temperature.
    features : ndarray of float64, shape (N, R)
        What the last layer takes, in an orthonormal basis.
    codes : ndarray of int64, shape (N,)
        Labels, as positions in `neumo.core.labels.LABELS`.
    patients : ndarray of str, shape (N,)
    distances, ages : ndarray of float64, shape (N,)
        Of the gate, and in years; an unknown age is NaN.
    """

    base: FloatArray
    features: FloatArray
    codes: IntArray
    patients: NDArray[np.str_]
    distances: FloatArray
    ages: FloatArray

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def labelled(self) -> BoolArray:
        """Which labels allow a finding, shape (N,); the others set nothing."""
        known: BoolArray = np.any(ALLOWED[self.codes], axis=1)
        return known

    @property
    def normal(self) -> BoolArray:
        """Which are normal, shape (N,)."""
        well: BoolArray = self.codes == Finding.NORMAL.index
        return well

    def take(self, chosen: NDArray[np.int64] | BoolArray) -> "Material":
        """Return some of the images."""
        return Material(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    @property
    def fewest_patients(self) -> int:
        """Patients of the outcome, normal or pneumonia, that has fewer."""
        outcomes = (self.normal, self.labelled & ~self.normal)
        return min(len(np.unique(self.patients[outcome])) for outcome in outcomes)


@dataclass(frozen=True)
class Tried:
    """One level beside the best one, by log loss on images that did not set it.

    Attributes
    ----------
    level : Level
    loss : float
        Mean log loss of a patient.
    behind : float
        Mean loss less that of the best level.
    error : float
        Standard error of `behind`, over patients.
    """

    level: Level
    loss: float
    behind: float
    error: float


@dataclass(frozen=True)
class Chosen:
    """The level that was chosen on some images, fitted to them.

    Attributes
    ----------
    level : Level
    fit : Fit
    ridge : float or None
        Of a new last layer.
    tried : tuple of Tried
    out_of_fold : ndarray of float64, shape (N, 3)
        Probabilities by the chosen level, of each image by fits that did not see its patient.
    by_level : mapping of Level to Fit
        Every level that was tried, fitted to the same images.
    """

    level: Level
    fit: Fit
    ridge: float | None
    tried: tuple[Tried, ...]
    out_of_fold: FloatArray
    by_level: Mapping[Level, Fit] = field(default_factory=dict)


def fold_numbers(material: Material, seed: int, folds: int = FOLDS) -> IntArray:
    """Return the fold of each image, shape (N,): patients stay together, and outcomes are spread evenly."""
    numbers = np.full(len(material), -1, dtype=np.int64)
    labelled = np.flatnonzero(material.labelled)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    outcome, groups = material.normal[labelled], material.patients[labelled]
    for number, (_, held_out) in enumerate(splitter.split(labelled, outcome, groups)):
        numbers[labelled[held_out]] = number
    of_patient = dict(zip(material.patients[labelled].tolist(), numbers[labelled].tolist(), strict=True))
    others = sorted(set(material.patients.tolist()) - of_patient.keys())
    of_patient |= {patient: position % folds for position, patient in enumerate(others)}
    return np.array([of_patient[patient] for patient in material.patients.tolist()], dtype=np.int64)


def choose(material: Material, levels: Sequence[Level] = tuple(Level), seed: int = 0) -> Chosen:
    """Choose the simplest level within one standard error of the best, and fit it.

    Parameters
    ----------
    material : Material
        With `MIN_PATIENTS` of each outcome, or only the bundle as it is can be chosen.
    levels : sequence of Level
        Those that the bundle allows.
    seed : int
        Of the folds.
    """
    candidates: dict[tuple[Level, float | None], FloatArray] = {
        (Level.NOTHING, None): UNCHANGED.probabilities(material.base, material.features)
    }
    if material.fewest_patients >= MIN_PATIENTS:
        ridges: tuple[float, ...] = RIDGES if Level.HEAD in levels else ()
        if Level.RECALIBRATION in levels:
            candidates[Level.RECALIBRATION, None] = np.full_like(material.base, np.nan)
        candidates |= {(Level.HEAD, ridge): np.full_like(material.base, np.nan) for ridge in ridges}
        numbers = fold_numbers(material, seed)
        for number in range(FOLDS):
            inside = material.take((numbers != number) & material.labelled)
            outside = numbers == number
            for (level, ridge), fitted in _fits(inside, [*candidates]).items():
                candidates[level, ridge][outside] = fitted.probabilities(
                    material.base[outside], material.features[outside]
                )
    losses = {key: _patient_losses(material, chances) for key, chances in candidates.items()}
    best_of = {
        level: min((key for key in losses if key[0] is level), key=lambda key: losses[key].mean())
        for level in dict.fromkeys(level for level, _ in losses)
    }
    tried = _compared({level: losses[key] for level, key in best_of.items()})
    level = next(one.level for one in tried if one.behind <= one.error)
    labelled = material.take(material.labelled)
    fits = {
        key[0]: fitted
        for key, fitted in _fits(labelled, [*candidates]).items()
        if key in set(best_of.values())
    }
    key = best_of[level]
    return Chosen(level, fits[level], key[1], tried, candidates[key], fits)


def _fits(
    material: Material, wanted: Sequence[tuple[Level, float | None]]
) -> dict[tuple[Level, float | None], Fit]:
    """Fit every level; last layers from the strongest ridge on, each beginning where the one before ended."""
    fits: dict[tuple[Level, float | None], Fit] = {}
    recalibrated = fit(material.base, material.codes) if len(wanted) > 1 else UNCHANGED
    last = recalibrated
    for level, ridge in wanted:
        if level is Level.HEAD:
            assert ridge is not None, "every last layer has its ridge"
            last = fit(material.base, material.codes, material.features, ridge, last)
            fits[level, ridge] = last
        else:
            fits[level, ridge] = UNCHANGED if level is Level.NOTHING else recalibrated
    return fits


def _patient_losses(material: Material, chances: FloatArray) -> FloatArray:
    """Return each patient's summed log loss over the mean number of images, so that their mean is that of images."""
    labelled = material.labelled
    losses = log_losses(material.codes[labelled], chances[labelled])
    _, patient = np.unique(material.patients[labelled], return_inverse=True)
    sums = np.bincount(patient, losses)
    scaled: FloatArray = (sums * (len(sums) / len(losses))).astype(np.float64)
    return scaled


def _compared(losses: Mapping[Level, FloatArray]) -> tuple[Tried, ...]:
    best = min(losses.values(), key=lambda values: float(values.mean()))
    return tuple(
        Tried(
            level,
            float(values.mean()),
            float((values - best).mean()),
            float((values - best).std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0,
        )
        for level, values in losses.items()
    )
