"""Sanity checks of heat maps, each with a limit that was set before anything was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import EvaluationError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.message import Message
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.values import Estimate, without_nan
from neumo.texts.catalogue import percent

MAX_CORRELATION = 0.50
"""Of a map with that of shuffled weights: beyond, a quarter of the ranks' variance needs nothing learnt."""
MIN_INSIDE = 0.50
"""A map with less of its mass on the thorax is counted as lying outside."""
MAX_OUTSIDE = 0.10
"""Share of such maps."""
MAX_ALARMS = 0.10
"""Share of maps with the border and corner alarm."""

MEASURES: Mapping[str, str] = {
    "randomised_correlation": Message("rank correlation with shuffled weights, without its sign"),
    "randomised_overlap": Message("overlap of the hottest tenth with shuffled weights"),
    "share_inside": Message("share of the map on the thorax"),
    "outside": Message("share of images with most of the map beside the thorax"),
    "deletion_area": Message("area under deletion, map order"),
    "deletion_gain": Message("deletion: random order minus map order"),
    "insertion_area": Message("area under insertion, map order"),
    "insertion_gain": Message("insertion: map order minus random order"),
    "alarm": Message("share of images with the border and corner alarm"),
}
"""Keys of what is measured on each image, and what they mean."""


@dataclass(frozen=True)
class Verdict:
    """One check's outcome.

    Attributes
    ----------
    name : str
        "randomised_weights", "thorax", "deletion", "insertion" or "alarms".
    passed : bool
    rule : str
        The limit, in words.
    """

    name: str
    passed: bool
    rule: str


@dataclass(frozen=True)
class ExplanationChecks:
    """Results of the checks of heat maps on a sample.

    Attributes
    ----------
    images, patients : int
        Size of the sample.
    field : str
        What the maps' place was measured against: "fixed" or "phantom" (the thorax that was drawn).
    field_area : float
        Mean area of that field as a share of the image: what an even map would have inside, in 0-1.
    figures : mapping of str to Estimate
        By the keys of MEASURES: means with 95 % intervals over patients.
    by_finding : mapping of Finding to mapping of str to Estimate
        The same among the images called so; a finding that was never called is left out.
    verdicts : tuple of Verdict
        On all images together.
    """

    images: int
    patients: int
    field: str
    field_area: float
    figures: Mapping[str, Estimate]
    by_finding: Mapping[Finding, Mapping[str, Estimate]]
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that failed."""
        return tuple(verdict.name for verdict in self.verdicts if not verdict.passed)

    @property
    def worse_than_random(self) -> tuple[tuple[Finding, str], ...]:
        """Findings and "deletion" or "insertion" where the whole interval of the gain lies below 0.

        The verdicts are on all findings together and can hide this. Six intervals are looked at, not one.
        """
        return tuple(
            (finding, name)
            for finding, figures in self.by_finding.items()
            for name in ("deletion", "insertion")
            if figures[f"{name}_gain"].high < 0.0
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values; NaN becomes None."""
        value: dict[str, Any] = without_nan(asdict(self))
        worse = [{"finding": finding.value, "check": name} for finding, name in self.worse_than_random]
        return {**value, "worse_than_random": worse}


def check_explanations(
    measured: Mapping[str, NDArray[np.float64]],
    patients: Sequence[str],
    called: Sequence[Finding],
    *,
    field: str,
    field_area: float,
    resamples: int = 1000,
    seed: int = 42,
) -> ExplanationChecks:
    """Means with intervals over patients, and a verdict on each check.

    Parameters
    ----------
    measured : mapping of str to ndarray of float64, shape (N,)
        By the keys of MEASURES; NaN where an image's map allows no measurement (it is flat).
    patients : sequence of str, length N
    called : sequence of Finding, length N
        What the reader answered, which is what the maps are of.
    field : str
        "fixed" or "phantom".
    field_area : float
        In 0-1.
    resamples, seed : int
        Of the bootstrap.

    Raises
    ------
    EvaluationError
        There is no image, or too few resamples.
    """
    if not patients:
        raise EvaluationError("explanations: there is no reading with a heat map to check")

    def among(rows: Sequence[int]) -> dict[str, Estimate]:
        columns = {key: measured[key][list(rows)] for key in MEASURES}
        return estimates(
            lambda weights: {key: _mean(values, weights) for key, values in columns.items()},
            [patients[row] for row in rows],
            resamples=resamples,
            seed=seed,
        )

    figures = among(range(len(patients)))
    rows_of = {finding: [i for i, f in enumerate(called) if f is finding] for finding in FINDINGS}
    return ExplanationChecks(
        images=len(patients),
        patients=len(set(patients)),
        field=field,
        field_area=field_area,
        figures=figures,
        by_finding={finding: among(rows) for finding, rows in rows_of.items() if rows},
        verdicts=_verdicts(figures, field_area),
    )


def _mean(values: NDArray[np.float64], weights: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    total = weights[:, known].sum(axis=1)
    sums = weights[:, known] @ values[known]
    means: FloatArray = np.divide(sums, total, out=np.full(len(weights), np.nan), where=total > 0)
    return means


def _verdicts(figures: Mapping[str, Estimate], field_area: float) -> tuple[Verdict, ...]:
    # A comparison with NaN is False, so what could not be measured has not passed.
    inside, outside = figures["share_inside"], figures["outside"]
    return (
        Verdict(
            "randomised_weights",
            figures["randomised_correlation"].high < MAX_CORRELATION,
            Message("upper end of the rank correlation below {most:.2f}", most=MAX_CORRELATION),
        ),
        Verdict(
            "thorax",
            inside.low > field_area and outside.value <= MAX_OUTSIDE,
            Message(
                "lower end of the share above {area:.2f}, the field's own area; at most {most:.0%} of images with "
                "most of the map outside",
                area=field_area,
                most=MAX_OUTSIDE,
            ),
        ),
        *(
            Verdict(
                name,
                figures[f"{name}_gain"].low > 0.0,
                Message("lower end of the gain over a random order above 0"),
            )
            for name in ("deletion", "insertion")
        ),
        Verdict(
            "alarms",
            figures["alarm"].value <= MAX_ALARMS,
            Message("at most {most:.0%} of images with alarm", most=MAX_ALARMS),
        ),
    )


def markdown(checks: ExplanationChecks) -> str:
    """Write two Markdown tables: measures and verdicts."""
    columns = [checks.figures, *checks.by_finding.values()]
    rows = "\n".join(
        f"| {words} | {' | '.join(str(figures[key]) for figures in columns)} |"
        for key, words in MEASURES.items()
    )
    worse = "".join(
        f"\n**Called {finding.value}: {name} is worse than in random order**, whatever the verdict on all together.\n"
        for finding, name in checks.worse_than_random
    )
    heads = " | ".join(("all", *(f"called {finding.value}" for finding in checks.by_finding)))
    outcomes = "\n".join(
        f"| {verdict.name.replace('_', ' ')} | {'passed' if verdict.passed else '**failed**'} | {verdict.rule} |"
        for verdict in checks.verdicts
    )
    field = (
        "a fixed field in the middle of the image, an approximation"
        if checks.field == "fixed"
        else "the thorax that was drawn"
    )
    return (
        f"{checks.images} images of {checks.patients} patients; thorax: {field} "
        f"({percent(checks.field_area, 0)} of the image).\n\n"
        f"Means with 95 % intervals over patients.\n\n| measure | {heads} |\n|---{'|---' * len(columns)}|\n{rows}\n\n"
        f"| check | outcome | rule |\n|---|---|---|\n{outcomes}\n{worse}"
    )
