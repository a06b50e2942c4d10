"""What an answer is worth where pneumonia is as frequent as somebody says."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neumo.bundle.config import BundleConfig
from neumo.core.findings import FINDINGS, Finding
from neumo.inference.posterior import Prevalence, predictive_values, prevalence_of


def posterior(
    body: Mapping[str, Any], config: BundleConfig, prevalence: float | None, operating_point: str
) -> dict[str, Any]:
    """Re-weight a reading's probabilities (Saerens, Latinne and Decaestecker, Neural Computation 2002).

    Parameters
    ----------
    body : mapping
        A reading on record with an answer, by the bundle of `config`.
    config : BundleConfig
    prevalence : float or None
        Of pneumonia, above 0 and below 1; None for the bundle's own.
    operating_point : str
        One of the bundle's.

    Returns
    -------
    dict
        See docs/reference/api.md.
    """
    point = config.operating_points[operating_point]
    asked = Prevalence(dict(config.priors)) if prevalence is None else prevalence_of(prevalence, config)
    given = body["receipt"]["options"].get("prevalence") or {f.value: config.priors[f] for f in FINDINGS}
    probabilities = np.array([body["probabilities"][f] for f in FINDINGS])
    assumed = np.array([given[f] for f in FINDINGS])
    # The decision is drawn on the probabilities as calibrated, whatever prevalence the reading was shown at.
    calibrated = _weighted(probabilities, np.array([config.priors[f] for f in FINDINGS]) / assumed)
    shown = _weighted(probabilities, np.array([asked.shares[f] for f in FINDINGS]) / assumed)
    ppv, npv = predictive_values(point, asked)
    return {
        "prevalence": asked.pneumonia,
        "prevalence_by_finding": dict(asked.shares),
        "probabilities": {f: float(shown[f.index]) for f in FINDINGS},
        "finding": FINDINGS[int(shown.argmax())],
        "operating_point": operating_point,
        "threshold": point.threshold,
        "pneumonia": bool(1 - calibrated[Finding.NORMAL.index] >= point.threshold),
        "sensitivity": point.sensitivity,
        "specificity": point.specificity,
        "ppv": ppv,
        "npv": npv,
    }


def _weighted(probabilities: Any, ratio: Any) -> Any:
    weighted = probabilities * ratio
    return weighted / weighted.sum()
