"""Acceptance criteria of a site: limits that metrics must keep, as files and pages state them."""

from dataclasses import dataclass, fields
from pathlib import Path

from neumo.core.errors import ConfigError
from neumo.core.settings import load_settings


@dataclass(frozen=True)
class Criteria:
    """Limits that the whole 95 % interval of a metric must keep; None leaves a criterion out.

    Attributes
    ----------
    sensitivity, specificity : float or None
        At the default operating point, at least.
    auroc_normal_vs_pneumonia : float or None
        At least.
    coverage_normal, coverage_pneumonia : float or None
        Of the 90 % prediction sets, at least.
    calibration_error_pneumonia : float or None
        At most.
    refused : float or None
        Share of radiographs that are not read, at most.
    """

    sensitivity: float | None = 0.80
    specificity: float | None = 0.70
    auroc_normal_vs_pneumonia: float | None = 0.80
    coverage_normal: float | None = 0.80
    coverage_pneumonia: float | None = 0.80
    calibration_error_pneumonia: float | None = 0.15
    refused: float | None = 0.10


def read_criteria(source: Path | None) -> Criteria:
    """Read a YAML file of limits; the defaults where none is given. Raises ConfigError listing all faults."""
    return checked(load_settings(Criteria, source, file="file of criteria"), str(source))


def checked(criteria: Criteria, source: str) -> Criteria:
    """Return criteria whose limits all can be kept and missed. Raises ConfigError; `source` names them there."""
    for one in fields(criteria):
        limit = getattr(criteria, one.name)
        if limit is not None and not 0 < limit < 1:
            raise ConfigError(
                "{source}: {name}: {limit:g} must lie between 0 and 1, or be null",
                source=source,
                name=one.name,
                limit=limit,
            )
    return criteria
