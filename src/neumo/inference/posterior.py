"""From logits to calibrated probabilities, to another prevalence, and to a prediction set."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import BundleConfig, OperatingPoint
from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, PNEUMONIA, Finding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prevalence:
    """How frequent the findings are where a reading is used.

    Attributes
    ----------
    shares : mapping of Finding to float
        In 0-1, adding up to 1.
    """

    shares: Mapping[Finding, float]

    @property
    def pneumonia(self) -> float:
        """Prevalence of pneumonia, bacterial or viral."""
        return sum(self.shares[finding] for finding in PNEUMONIA)


def calibrated(logits: NDArray[np.float32], temperature: float) -> Floats:
    """Probabilities (..., 3) of logits (..., 3), at the prevalence that the bundle assumes."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def prevalence_of(pneumonia: float | Mapping[Finding, float], config: BundleConfig) -> Prevalence:
    """Make a prevalence from that of pneumonia (divided as the bundle assumes) or of each finding.

    Raises
    ------
    ConfigError
        A share is not between 0 and 1, or they do not add up to 1.
    """
    if isinstance(pneumonia, Mapping):
        shares = {finding: float(pneumonia.get(finding, 0.0)) for finding in FINDINGS}
        if min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
            raise ConfigError(
                f"prevalence: {', '.join(f'{f}={s:g}' for f, s in shares.items())} must all be above 0 and add up to 1"
            )
        return Prevalence(shares)
    if not 0 < pneumonia < 1:
        raise ConfigError(f"prevalence: {pneumonia} must lie between 0 and 1, such as 0.1")
    among = sum(config.priors[finding] for finding in PNEUMONIA)
    shares = {finding: pneumonia * config.priors[finding] / among for finding in PNEUMONIA}
    return Prevalence({Finding.NORMAL: 1 - pneumonia, **shares})


def at_prevalence(probabilities: Floats, prevalence: Prevalence | None, config: BundleConfig) -> Floats:
    """Re-weight probabilities (..., 3) to another prevalence (Saerens, Latinne and Decaestecker 2002)."""
    if prevalence is None:
        return probabilities
    ratio = np.array([prevalence.shares[finding] / config.priors[finding] for finding in FINDINGS])
    weighted = probabilities * ratio
    shares: Floats = weighted / weighted.sum(axis=-1, keepdims=True)
    return shares


def predictive_values(
    point: OperatingPoint, prevalence: Prevalence | None
) -> tuple[float | None, float | None]:
    """PPV and NPV of an operating point at a prevalence; None without one or where undefined."""
    if prevalence is None:
        return None, None
    sick, well = prevalence.pneumonia, 1 - prevalence.pneumonia
    found, missed = point.sensitivity * sick, (1 - point.sensitivity) * sick
    cleared, alarmed = point.specificity * well, (1 - point.specificity) * well
    ppv = found / (found + alarmed) if found + alarmed else None
    npv = cleared / (cleared + missed) if cleared + missed else None
    return ppv, npv


def prediction_set(probabilities: Floats, limits: Mapping[Finding, float]) -> tuple[Finding, ...]:
    """Return the findings whose score, 1 - probability, is within its limit (see `evaluation.conformal`)."""
    return tuple(f for f in FINDINGS if 1 - float(probabilities[f.index]) <= limits[f])
