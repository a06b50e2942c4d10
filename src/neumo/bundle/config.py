"""config.json of a bundle: input, calibration, operating points, prediction sets, gate limits, provenance."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neumo.core.ages import within
from neumo.core.errors import BundleError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import Outcome, PartialLabel
from neumo.core.message import Message
from neumo.imaging.prepare import Intensity

SCHEMA = 1


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the probability of pneumonia, and what it gave on held-out fold images.

    Attributes
    ----------
    threshold : float
        Pneumonia is flagged at this probability or above, in 0-1.
    sensitivity, specificity : float
        On the held-out images of the folds, in 0-1.
    rule : str
        How it was chosen, such as "Youden" or "sensitivity >= 0.95".
    """

    threshold: float
    sensitivity: float
    specificity: float
    rule: str


@dataclass(frozen=True)
class GateLimits:
    """Limits above which an image is refused; all chosen on held-out fold images.

    Attributes
    ----------
    distance : float
        Largest distance of an embedding from those of training (see `neumo.bundle.gate_statistics`).
    minimum_side : int
        Smallest side of a radiograph in pixels.
    age_years : (float, float)
        Youngest and oldest age of the training images, inclusive.
    """

    distance: float
    minimum_side: int
    age_years: tuple[float, float]


@dataclass(frozen=True)
class BundleConfig:
    """A model's input, output, calibration, operating points, prediction sets, gate and provenance.

    Attributes
    ----------
    name, version : str
    image_size : int
        Side of the square input in pixels; the input is float32 (N, 1, side, side) in 0-1.
    intensity : Intensity
        How grey levels become 0-1.
    field_of_view : float
        Central share of each side of a radiograph that the input shows.
    class_maps : str or None
        "exact" (their mean plus bias is the logit), "grad-cam", or None where the graph gives none.
    temperature : float
        Logits are divided by it before the softmax.
    priors : mapping of Finding to float
        Prevalence that the calibrated probabilities assume (uniform after logit adjustment).
    operating_points : mapping of str to OperatingPoint
    default_operating_point : str
    conformal : mapping of float to mapping of Outcome to float
        Coverage to the largest nonconformity score (1 - probability) of each finding in a prediction set; also that of
        pneumonia as a whole, for answers whose etiology is not assessed, where it was measured.
    gate : GateLimits
    provenance : mapping
        Training data, experiment, seeds, commit, versions, folds.
    licence, attribution : str
    etiology_age_years : (float, float) or None
        Youngest and oldest age at which there is evidence for telling bacterial from viral pneumonia, inclusive; None
        where the network does not tell them apart.
    explanation_checks : mapping of str to bool
        Checks of heat maps by name, and whether they were passed; empty where none was made.
    """

    name: str
    version: str
    image_size: int
    intensity: Intensity
    field_of_view: float
    class_maps: str | None
    temperature: float
    priors: Mapping[Finding, float]
    operating_points: Mapping[str, OperatingPoint]
    default_operating_point: str
    conformal: Mapping[float, Mapping[Any, float]]
    gate: GateLimits
    provenance: Mapping[str, Any]
    licence: str
    attribution: str
    etiology_age_years: tuple[float, float] | None
    explanation_checks: Mapping[str, bool] = field(default_factory=dict)

    def assesses_etiology(self, age: float | None) -> bool:
        """Whether the kind of pneumonia is assessed at an age in years; also where no age is known (None)."""
        ages = self.etiology_age_years
        return ages is not None and (age is None or within(age, ages))

    @property
    def field_in_words(self) -> str:
        """The field of view in words, for cards and tables."""
        if self.field_of_view == 1:
            return Message("the whole image")
        return Message("the central {share:.1%} of each side", share=self.field_of_view)

    def to_json(self) -> dict[str, Any]:
        """Plain values for config.json."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "version": self.version,
            "classes": [finding.value for finding in FINDINGS],
            "input": {
                "channels": 1,
                "size": self.image_size,
                "intensity": self.intensity.value,
                "field_of_view": self.field_of_view,
                "range": [0, 1],
            },
            "class_maps": self.class_maps,
            "temperature": self.temperature,
            "priors": {finding.value: share for finding, share in self.priors.items()},
            "operating_points": {name: vars(point) for name, point in self.operating_points.items()},
            "default_operating_point": self.default_operating_point,
            "conformal": {
                f"{coverage:g}": {outcome.value: score for outcome, score in scores.items()}
                for coverage, scores in self.conformal.items()
            },
            "gate": {**vars(self.gate), "age_years": list(self.gate.age_years)},
            "etiology": {"age_years": self.etiology_age_years and list(self.etiology_age_years)},
            "provenance": dict(self.provenance),
            "licence": self.licence,
            "attribution": self.attribution,
            **({"explanation_checks": dict(self.explanation_checks)} if self.explanation_checks else {}),
        }


def read_config(data: bytes, source: Path) -> BundleConfig:
    """Parse config.json.

    Raises
    ------
    BundleError
        It is no JSON, of another schema, or lacks a value; the message says which.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(
            "{source}: cannot be read ({error}); install the bundle again", source=source, error=error
        ) from error
    try:
        if value["schema"] != SCHEMA:
            raise BundleError(
                "{source}: has schema {schema}, this neumo reads {own}; use the matching version",
                source=source,
                schema=value["schema"],
                own=SCHEMA,
            )
        if value["classes"] != [finding.value for finding in FINDINGS]:
            raise BundleError(
                "{source}: its classes {classes} are not {findings}",
                source=source,
                classes=value["classes"],
                findings=[*FINDINGS],
            )
        return BundleConfig(
            name=value["name"],
            version=value["version"],
            image_size=int(value["input"]["size"]),
            intensity=Intensity(value["input"]["intensity"]),
            field_of_view=float(value["input"].get("field_of_view", 1.0)),
            class_maps=value["class_maps"],
            temperature=float(value["temperature"]),
            priors=_by_finding(value["priors"]),
            operating_points={name: OperatingPoint(**p) for name, p in value["operating_points"].items()},
            default_operating_point=value["default_operating_point"],
            conformal={float(level): _limits(scores) for level, scores in value["conformal"].items()},
            gate=GateLimits(**{**value["gate"], "age_years": tuple(value["gate"]["age_years"])}),
            provenance=value["provenance"],
            licence=value["licence"],
            attribution=value["attribution"],
            # Bundles that do not state it were trained on children whose kinds of pneumonia were labelled.
            etiology_age_years=_ages(value.get("etiology", value["gate"])["age_years"]),
            explanation_checks={
                str(name): passed is True for name, passed in value.get("explanation_checks", {}).items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            "{source}: is not a bundle's config ({error}); install the bundle again",
            source=source,
            error=repr(error),
        ) from error


def _ages(value: Sequence[float] | None) -> tuple[float, float] | None:
    if value is None:
        return None
    youngest, oldest = value
    return float(youngest), float(oldest)


def _limits(value: Mapping[str, float]) -> dict[Outcome, float]:
    limits: dict[Outcome, float] = dict(_by_finding(value).items())
    if PartialLabel.PNEUMONIA in value:
        limits[PartialLabel.PNEUMONIA] = float(value[PartialLabel.PNEUMONIA])
    return limits


def _by_finding(value: Mapping[str, float]) -> dict[Finding, float]:
    return {finding: float(value[finding.value]) for finding in FINDINGS}
