"""Performance without labels, estimated from calibrated probabilities of a site whose calibration was accepted.

Where a probability of pneumonia of p means pneumonia in a share p of radiographs, the probabilities themselves say
how many of the flagged ones have it, and how many of the others (confidence-based estimation: Guillory et al., ICCV
2021; Garg et al., ICLR 2022). The estimate follows a change of the patients; it does not follow one of what the
probabilities mean.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.acceptance import AcceptanceRecord
from neumo.bundle.folder import Bundle

MIN_READINGS: Final = 100
CALIBRATION: Final = "calibration_error_pneumonia"
"""The acceptance criterion that has to be met."""
_DRAWS: Final = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """A metric that is expected, with the interval that labels would show in 95 of 100 such windows; each in 0-1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimated:
    """Performance expected of a window without labels, or why none is stated.

    Attributes
    ----------
    metrics : mapping of str to Expected
        Accuracy, sensitivity and specificity of the flag for pneumonia, and its prevalence; empty with a `reason`.
    n : int
        Answers.
    operating_point : str
        The bundle's default one.
    reason : str
        Name of the message in the group `monitoring.estimated.why_not`; empty where there are metrics.
    values : mapping of str to plain values
        What that message states.
    """

    metrics: dict[str, Expected] = field(default_factory=dict)
    n: int = 0
    operating_point: str = ""
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def estimated(
    bundle: Bundle | None,
    record: AcceptanceRecord | None,
    digest: str,
    pneumonia: NDArray[np.float64],
    seed: int = 0,
) -> Estimated:
    """Estimate how well the answers of a window hold.

    Parameters
    ----------
    bundle : Bundle or None
        That is thought to have answered.
    record : AcceptanceRecord or None
        Its own.
    digest : str
        Of the bundle that answered.
    pneumonia : ndarray of float64, shape (n,)
        Probabilities.
    seed : int
        Of the interval's draws.
    """
    reason, values = _why_not(bundle, record, digest, pneumonia.size)
    if reason or bundle is None:
        return Estimated(reason=reason, values=values, n=pneumonia.size)
    point = bundle.config.default_operating_point
    flagged = pneumonia >= bundle.config.operating_points[point].threshold
    generator = np.random.default_rng(seed)
    samples: dict[str, list[float]] = {}
    for _ in range(_DRAWS):
        drawn = generator.integers(0, pneumonia.size, pneumonia.size)
        sick = generator.random(pneumonia.size) < pneumonia[drawn]
        for name, value in _rates(sick.astype(np.float64), flagged[drawn]).items():
            samples.setdefault(name, []).append(value)
    metrics = {}
    for name, value in _rates(pneumonia, flagged).items():
        if not np.isnan(value):
            low, high = np.nanquantile(samples[name], [0.025, 0.975])
            metrics[name] = Expected(value, float(low), float(high))
    return Estimated(metrics, pneumonia.size, point)


def _why_not(
    bundle: Bundle | None, record: AcceptanceRecord | None, digest: str, n: int
) -> tuple[str, dict[str, Any]]:
    site = None if bundle is None else bundle.site
    accepted = None if site is None else site.acceptance
    conditions: tuple[tuple[bool, str, dict[str, Any]], ...] = (
        (bundle is None or bundle.digest != digest, "other_bundle", {}),
        (site is None or record is None, "not_commissioned", {}),
        (accepted is None, "not_accepted", {"site": "" if site is None else site.site}),
        (record is not None and CALIBRATION not in record.met, "not_a_criterion", {}),
        (record is not None and not record.met.get(CALIBRATION), "not_met", {}),
        (
            site is not None and site.review_lapsed(),
            "lapsed",
            {"review_by": "" if accepted is None else accepted.review_by},
        ),
        (n < MIN_READINGS, "too_few", {"minimum": MIN_READINGS}),
    )
    return next(((reason, values) for holds, reason, values in conditions if holds), ("", {}))


def _rates(sick: NDArray[np.float64], flagged: NDArray[np.bool_]) -> dict[str, float]:
    """Return rates of n answers, `sick` in 0-1; NaN where nothing can be measured."""
    well = 1 - sick
    with np.errstate(invalid="ignore"):
        return {
            "accuracy": float(np.where(flagged, sick, well).mean()),
            "sensitivity": float(np.divide((sick * flagged).sum(), sick.sum())),
            "specificity": float(np.divide((well * ~flagged).sum(), well.sum())),
            "prevalence": float(sick.mean()),
        }
