"""All that a site sets, decided on some images and applied to others; nested cross-validation of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from neumo.bundle.config import BundleConfig, GateLimits, OperatingPoint
from neumo.commissioning.levels import FOLDS, MIN_PATIENTS, Chosen, Level, Material, choose, fold_numbers
from neumo.commissioning.set_limits import refusal_codes, shipped_sets, site_gate, site_limits
from neumo.commissioning.softmax_fit import UNCHANGED
from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, PNEUMONIA, Finding
from neumo.core.labels import ALLOWED
from neumo.core.progress import Progress
from neumo.evaluation.metrics.operating_point import choose_for_cost, choose_for_sensitivity
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.sources.operating_points import standard_points
from neumo.evaluation.sources.values import Images

SITE_POINT: Final = "site"
"""Name of the operating point that is chosen for the site's target or costs."""
MIN_SITE_PATIENTS: Final = 13
"""Patients of each outcome below which nothing is set: four fifths of them, a fold's, are `MIN_PATIENTS`."""


@dataclass(frozen=True)
class Wishes:
    """Target of the site's operating point.

    Attributes
    ----------
    target_sensitivity : float
        Above 0 and below 1.
    cost_ratio : float or None
        How many false alarms a missed pneumonia is worth; it takes the place of the target where it is given.
    """

    target_sensitivity: float = 0.9
    cost_ratio: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.target_sensitivity < 1:
            raise ConfigError(
                "target sensitivity: {target:g} must lie between 0 and 1, such as 0.9",
                target=self.target_sensitivity,
            )
        if self.cost_ratio is not None and not (np.isfinite(self.cost_ratio) and self.cost_ratio > 0):
            raise ConfigError(
                "cost ratio: {cost_ratio:g} must be a number above 0, such as 5", cost_ratio=self.cost_ratio
            )


@dataclass(frozen=True)
class Settings:
    """Settings of a site bundle, chosen by cross-validation.

    Attributes
    ----------
    chosen : Chosen
        The answers.
    priors : mapping of Finding to float
        Share of each finding that the probabilities assume.
    points : mapping of str to OperatingPoint
    default_point : str
    limits : mapping of float to mapping of Outcome to float
        Of prediction sets, by nominal coverage.
    guaranteed : mapping of float to tuple of str
        Outcomes of which the coverage is guaranteed.
    gate : GateLimits
    kinds : bool
        Whether kinds of pneumonia are told apart.
    """

    chosen: Chosen
    priors: Mapping[Finding, float]
    points: Mapping[str, OperatingPoint]
    default_point: str
    limits: Mapping[float, Mapping[Any, float]]
    guaranteed: Mapping[float, tuple[str, ...]]
    gate: GateLimits
    kinds: bool = True


@dataclass(frozen=True)
class Answers:
    """Answers under some settings to N images.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (N, 3)
    at_points : mapping of str to ndarray of bool, shape (N,)
        Which are flagged as pneumonia, by the name of the operating point.
    flagged : ndarray of bool, shape (N,)
        At the default one.
    sets : mapping of float to ndarray of bool, shape (N, 3)
        By nominal coverage.
    refused : tuple of str, length N
        Code of the reason, by distance or age; empty where an image is read.
    """

    probabilities: FloatArray
    at_points: Mapping[str, BoolArray]
    flagged: BoolArray
    sets: Mapping[float, BoolArray]
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Nested:
    """Answers to every image by settings in which it, and all images of its patient, had no part.

    Attributes
    ----------
    answers : Answers
    levels : tuple of Level
        What was chosen without each fold.
    by_level : mapping of Level to ndarray of float64, shape (N, 3)
        Probabilities, had that level been taken.
    """

    answers: Answers
    levels: tuple[Level, ...]
    by_level: Mapping[Level, FloatArray]


def base_settings(material: Material, config: BundleConfig) -> Settings:
    """Return the bundle's own settings."""
    chances = UNCHANGED.probabilities(material.base, material.features)
    return Settings(
        chosen=Chosen(Level.NOTHING, UNCHANGED, None, (), chances, {Level.NOTHING: UNCHANGED}),
        priors=config.priors,
        points=config.operating_points,
        default_point=config.default_operating_point,
        limits=config.conformal,
        guaranteed={},
        gate=config.gate,
        kinds=config.etiology_age_years is not None,
    )


def decide(
    material: Material,
    config: BundleConfig,
    wishes: Wishes,
    levels: Sequence[Level] = tuple(Level),
    seed: int = 0,
) -> Settings:
    """Decide everything on some images; with too few patients of an outcome, keep all as it is.

    Parameters
    ----------
    material : Material
    config : BundleConfig
        Of the bundle; where it has no operating points yet, they are chosen on the images.
    wishes : Wishes
    levels : sequence of Level
        Those that the bundle allows.
    seed : int
        Of the folds.
    """
    if material.fewest_patients < MIN_PATIENTS:
        return base_settings(material, config)
    chosen = choose(material, levels, seed)
    labelled = material.labelled
    codes, chances = material.codes[labelled], chosen.out_of_fold[labelled]
    images = _images(material.take(labelled), chances)
    changed = chosen.level is not Level.NOTHING
    known = config.operating_points and not changed
    points = dict(config.operating_points if known else standard_points(images, chances))
    points[SITE_POINT] = _site_point(images, wishes)
    limits = {coverage: site_limits(codes, chances, coverage) for coverage in config.conformal}
    return Settings(
        chosen=chosen,
        priors=_shares(codes, chances) if changed else config.priors,
        points=points,
        default_point=SITE_POINT,
        limits={coverage: found for coverage, (found, _) in limits.items()},
        guaranteed={coverage: outcomes for coverage, (_, outcomes) in limits.items()},
        gate=site_gate(config.gate, material.distances, material.ages),
        kinds=config.etiology_age_years is not None,
    )


def decide_site(
    material: Material,
    config: BundleConfig,
    wishes: Wishes,
    levels: Sequence[Level] = tuple(Level),
    seed: int = 0,
) -> Settings:
    """Decide everything on all of a site's images; below `MIN_SITE_PATIENTS` of an outcome, keep all as it is."""
    if material.fewest_patients < MIN_SITE_PATIENTS:
        return base_settings(material, config)
    return decide(material, config, wishes, levels, seed)


def answers_of(settings: Settings, material: Material) -> Answers:
    """Apply settings to images."""
    chances = settings.chosen.fit.probabilities(material.base, material.features)
    pneumonia = 1 - chances[:, Finding.NORMAL.index]
    at_points = {name: pneumonia >= point.threshold for name, point in settings.points.items()}
    flagged = at_points[settings.default_point]
    none = np.full(len(material), "")
    return Answers(
        chances,
        at_points,
        flagged,
        {
            coverage: shipped_sets(chances, limits, flagged, kinds=settings.kinds)
            for coverage, limits in settings.limits.items()
        },
        tuple(refusal_codes(none, material.distances, material.ages, settings.gate)),
    )


def nested(
    material: Material,
    config: BundleConfig,
    wishes: Wishes,
    levels: Sequence[Level] = tuple(Level),
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Nested:
    """Answer each fold of patients by settings that the other folds decide, choices of level and ridge included.

    Needs `MIN_SITE_PATIENTS` of each outcome.
    """
    numbers = fold_numbers(material, seed + 1)
    chances, flagged = np.zeros_like(material.base), np.zeros(len(material), dtype=np.bool_)
    sets = {coverage: np.zeros_like(material.base, dtype=np.bool_) for coverage in config.conformal}
    refused = np.full(len(material), "", dtype="<U32")
    by_level: dict[Level, FloatArray] = {}
    by_fold: list[tuple[BoolArray, Answers]] = []
    taken = []
    for number in range(FOLDS):
        outside = numbers == number
        settings = decide(material.take(~outside), config, wishes, levels, seed)
        held_out = material.take(outside)
        answers = answers_of(settings, held_out)
        chances[outside], flagged[outside] = answers.probabilities, answers.flagged
        for coverage, members in answers.sets.items():
            sets[coverage][outside] = members
        refused[outside] = answers.refused
        by_fold.append((outside, answers))
        for level, fitted in settings.chosen.by_level.items():
            found = by_level.setdefault(level, np.full_like(chances, np.nan))
            found[outside] = fitted.probabilities(held_out.base, held_out.features)
        taken.append(settings.chosen.level)
        if progress is not None:
            progress(number + 1, FOLDS)
    at_points = {
        name: np.zeros(len(material), dtype=np.bool_)
        for name in by_fold[0][1].at_points
        if all(name in answers.at_points for _, answers in by_fold)
    }
    for outside, answers in by_fold:
        for name, found_at in at_points.items():
            found_at[outside] = answers.at_points[name]
    together = Answers(chances, at_points, flagged, sets, tuple(map(str, refused)))
    return Nested(together, tuple(taken), by_level)


def _site_point(images: Images, wishes: Wishes) -> OperatingPoint:
    sick = images.codes != Finding.NORMAL.index
    # The threshold depends only on pneumonia or not, so either kind can stand for a label of unknown kind.
    truth = np.where(sick, PNEUMONIA[0].index, Finding.NORMAL.index)
    names = tuple(map(str, range(len(images))))
    predictions = Predictions(names, images.patients, truth, images.probabilities)
    if wishes.cost_ratio is None:
        chosen = choose_for_sensitivity(predictions, wishes.target_sensitivity)
        rule = f"sensitivity >= {wishes.target_sensitivity:g} on local images"
    else:
        chosen = choose_for_cost(predictions, wishes.cost_ratio)
        rule = f"a missed pneumonia costs {wishes.cost_ratio:g} false alarms, on local images"
    threshold = round(chosen.threshold - 5e-7, 6)
    flagged = predictions.pneumonia >= threshold
    return OperatingPoint(threshold, float(flagged[sick].mean()), float((~flagged[~sick]).mean()), rule)


def _shares(codes: IntArray, chances: FloatArray) -> dict[Finding, float]:
    """Return the share of each finding, partial labels divided as the answers divide them, each with one image more."""
    held = chances * ALLOWED[codes]
    sums = (held / held.sum(axis=1, keepdims=True)).sum(axis=0) + 1
    return {finding: float(share) for finding, share in zip(FINDINGS, sums / sums.sum(), strict=True)}


def _images(material: Material, chances: FloatArray) -> Images:
    blank = ("",) * len(material)
    return Images(blank, blank, tuple(material.patients.tolist()), material.codes, blank, chances)
