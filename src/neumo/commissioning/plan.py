"""Sample size of a site: radiographs of each kind, so that the intervals of sensitivity and specificity decide."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.stats import binom

from neumo.core.errors import ConfigError
from neumo.core.findings import Finding
from neumo.core.labels import PartialLabel

ASSURANCE = 0.8
"""Probability with which the planned number shows what it should, where the expectation is right."""
_LEVEL = 0.025
"""Probability outside each end of a 95 % interval."""
MOST = 20_000
"""Images of one kind; more is no plan for one hospital."""


@dataclass(frozen=True)
class Need:
    """Sample size that one proportion needs.

    Attributes
    ----------
    metric : str
        "sensitivity" or "specificity".
    label : str
        Of the images that it is measured on.
    expected, least : float
        What is expected, and what the lower end of the exact 95 % interval must reach.
    patients : int
        Independent patients with that label.
    images : int
        Images, where patients have several.
    """

    metric: str
    label: str
    expected: float
    least: float
    patients: int
    images: int


@dataclass(frozen=True)
class Plan:
    """Numbers for a site.

    Attributes
    ----------
    needs : tuple of Need
    prevalence : float
        Of pneumonia among the radiographs that come.
    design_effect : float
        How much less images of the same patients say: 1 + (images a patient - 1) * intraclass correlation.
    consecutive : int
        Images to take as they come, so that both needs are met.
    enriched : int
        Images where normal and pneumonia are collected separately.
    """

    needs: tuple[Need, ...]
    prevalence: float
    design_effect: float
    consecutive: int
    enriched: int


def make_plan(
    *,
    prevalence: float,
    sensitivity: float = 0.90,
    specificity: float = 0.85,
    least_sensitivity: float = 0.80,
    least_specificity: float = 0.75,
    images_per_patient: float = 1.0,
    correlation: float = 0.5,
) -> Plan:
    """Plan the number of images.

    Parameters
    ----------
    prevalence : float
        Of pneumonia among the radiographs that come, above 0 and below 1.
    sensitivity, specificity : float
        As expected, at the operating point that will be used.
    least_sensitivity, least_specificity : float
        What must be shown: the lower end of the exact 95 % interval (Clopper and Pearson) reaches it with a probability
        of 80 %, where the expectation is right.
    images_per_patient : float
        On average, 1 or more.
    correlation : float
        Of the answers to images of one patient, in 0-1 (Kish, Survey Sampling, 1965: the design effect).

    Raises
    ------
    ConfigError
        A value is out of bounds, or an expectation does not exceed what must be shown.
    """
    if not 0 < prevalence < 1:
        raise ConfigError(
            "prevalence: {prevalence:g} must lie between 0 and 1, such as 0.15", prevalence=prevalence
        )
    if not (np.isfinite(images_per_patient) and images_per_patient >= 1) or not 0 <= correlation <= 1:
        raise ConfigError(
            "images per patient: {images_per_patient:g} must be 1 or more, and their correlation "
            "{correlation:g} from 0 to 1",
            images_per_patient=images_per_patient,
            correlation=correlation,
        )
    effect = 1 + (images_per_patient - 1) * correlation
    needs = tuple(
        _need(
            metric,
            label,
            expected=expected,
            least=least,
            images_per_patient=images_per_patient,
            effect=effect,
        )
        for metric, label, expected, least in (
            ("sensitivity", PartialLabel.PNEUMONIA.value, sensitivity, least_sensitivity),
            ("specificity", Finding.NORMAL.value, specificity, least_specificity),
        )
    )
    sick, well = needs
    return Plan(
        needs,
        prevalence,
        effect,
        consecutive=max(ceil(sick.images / prevalence), ceil(well.images / (1 - prevalence))),
        enriched=sick.images + well.images,
    )


def patients_needed(expected: float, least: float) -> int:
    """Return the least number from which an exact 95 % interval lies above `least` with a probability of 80 %.

    Parameters
    ----------
    expected, least : float
        The true share, and the one that the lower end of the interval must reach; both in 0-1.

    Returns
    -------
    int
        More than `MOST` stands for any greater number.
    """
    numbers = np.arange(1, MOST + 1)
    # The lower end reaches `least` from that count of successes on which a one-sided exact test would reject it.
    count = binom.isf(_LEVEL, numbers, least) + 1
    assured = binom.sf(count - 1, numbers, expected) >= ASSURANCE
    # The probability goes up and down by single images; the last failure counts.
    failed = np.flatnonzero(~assured)
    return int(numbers[failed[-1]]) + 1 if failed.size else 1


def _need(
    metric: str, label: str, *, expected: float, least: float, images_per_patient: float, effect: float
) -> Need:
    if not 0 < least < expected < 1:
        raise ConfigError(
            "{metric}: {expected:g} is expected and {least:g} must be shown; the first must "
            "exceed the second, and both lie between 0 and 1",
            metric=metric,
            expected=expected,
            least=least,
        )
    independent = patients_needed(expected, least)
    if independent > MOST:
        raise ConfigError(
            "{metric}: {expected:g} and {least:g} lie so near each other that more than {most:,} "
            "images would be needed; lower what must be shown",
            metric=metric,
            expected=expected,
            least=least,
            most=MOST,
        )
    images = ceil(independent * effect)
    return Need(metric, label, expected, least, ceil(images / images_per_patient), images)
