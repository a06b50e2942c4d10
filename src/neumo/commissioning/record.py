"""The acceptance record as plain values: everything that was examined at a site, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import neumo
from neumo.bundle.folder import Bundle
from neumo.commissioning.criteria import Criterion
from neumo.commissioning.examine import Examined
from neumo.commissioning.levels import Level
from neumo.commissioning.settings import MIN_SITE_PATIENTS, Nested, Settings
from neumo.core.labels import Outcome
from neumo.evaluation.explanations.checks import ExplanationChecks
from neumo.evaluation.sources.values import EvaluatedSource, counted_labels
from neumo.evaluation.values import without_nan

SCHEMA: Final = 1


@dataclass(frozen=True)
class Material:
    """The images of an acceptance record.

    Attributes
    ----------
    sha256 : tuple of str
        Of every image that was given.
    codes : ndarray of int64
        Of their labels.
    patients, repeated : int
    training_known : bool
        Whether the bundle lists its training images, so that they were looked for.
    synthetic : bool
    """

    sha256: tuple[str, ...]
    codes: Any
    patients: int
    repeated: int
    training_known: bool
    synthetic: bool


def make_record(
    *,
    site: str,
    base: Bundle,
    images: Material,
    command: str,
    settings: Settings,
    nested: Nested | None,
    examined: Mapping[str, Examined],
    criteria: Mapping[str, Sequence[Criterion]],
    fewest: int,
    checks: ExplanationChecks | None,
) -> dict[str, Any]:
    """Return the record.

    Parameters
    ----------
    site : str
    base : Bundle
    images : Material
    command : str
        That made it.
    settings : Settings
        What was decided on all images.
    nested : Nested or None
        None where nothing was set.
    examined, criteria : mapping of str
        By "base" and, where something was set, "site".
    fewest : int
        Patients of the outcome that has fewer.
    checks : ExplanationChecks or None
        Where the last layer was changed.
    """
    config, chosen = base.config, settings.chosen
    changed = [] if chosen.level is Level.NOTHING else [chosen.level.value]
    if nested is not None:
        changed += ["operating_points", "prediction_sets"]
    if settings.gate != config.gate:
        changed.append("gate")
    value: dict[str, Any] = {
        "schema": SCHEMA,
        "site": site,
        "made_on": datetime.now(UTC).date().isoformat(),
        "neumo": neumo.__version__,
        "command": command,
        "synthetic": images.synthetic,
        "base": {"name": config.name, "version": config.version, "digest": base.digest},
        "images": {
            "labels": counted_labels(images.codes),
            "patients": images.patients,
            "repeated": images.repeated,
            "training_images_known": images.training_known,
            "sha256": list(images.sha256),
        },
        "changed": changed,
        "too_few": None if nested is not None else {"patients": fewest, "least": MIN_SITE_PATIENTS},
        "level": chosen.level.value,
        "ridge": chosen.ridge,
        "levels": [{**asdict(one), "level": one.level.value} for one in chosen.tried],
        "levels_of_folds": [] if nested is None else [level.value for level in nested.levels],
        "settings": _settings(settings),
        "settings_of_base": {
            "gate": asdict(config.gate),
            "points": {name: vars(point) for name, point in config.operating_points.items()},
            "default_point": config.default_operating_point,
        },
        "metrics": {name: _metrics(one.overall) for name, one in examined.items()},
        "read": {name: {"normal": one.normal, "pneumonia": one.pneumonia} for name, one in examined.items()},
        "subgroups": [
            {"column": column, "group": group, **_metrics(found)}
            for (column, group), found in examined["site" if "site" in examined else "base"].groups.items()
        ],
        "criteria": {
            name: [{**asdict(one), "outcome": one.outcome.value} for one in found]
            for name, found in criteria.items()
        },
        "heat_maps": None
        if checks is None
        else {
            "images": checks.images,
            "verdicts": [asdict(verdict) for verdict in checks.verdicts],
        },
    }
    plain: dict[str, Any] = without_nan(value)
    return plain


def _settings(settings: Settings) -> dict[str, Any]:
    return {
        "priors": {finding.value: share for finding, share in settings.priors.items()},
        "points": {name: vars(point) for name, point in settings.points.items()},
        "default_point": settings.default_point,
        "limits": {f"{level:g}": _by_name(limits) for level, limits in settings.limits.items()},
        "guaranteed": {f"{level:g}": list(outcomes) for level, outcomes in settings.guaranteed.items()},
        "gate": asdict(settings.gate),
    }


def _by_name(limits: Mapping[Outcome, float]) -> dict[str, float]:
    return {outcome.value: limit for outcome, limit in limits.items()}


def _metrics(found: EvaluatedSource) -> dict[str, Any]:
    return {
        "images": found.images,
        "refused": dict(found.refused),
        "share_refused": asdict(found.share_refused),
        "metrics": {name: asdict(value) for name, value in found.figures.items()},
    }
