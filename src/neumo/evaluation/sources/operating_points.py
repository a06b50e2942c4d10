"""Operating points by their names, chosen so that they hold in every source of some images."""

from typing import Final

import numpy as np

from neumo.bundle.config import OperatingPoint
from neumo.core.findings import Finding
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.sources.values import Images

HIGH_SENSITIVITY: Final = 0.99
HIGH_SPECIFICITY: Final = 0.99
"""Stricter than the clinical goal of 0.95, because other images are harder than those of the folds."""


def standard_points(images: Images, probabilities: FloatArray) -> dict[str, OperatingPoint]:
    """Return the operating points that every bundle has: balanced, of high sensitivity and of high specificity.

    Parameters
    ----------
    images : Images
        N images that trained nothing, normal or pneumonia, with at least one of each.
    probabilities : ndarray of float64, shape (N, 3)
        Calibrated.

    Returns
    -------
    dict of str to OperatingPoint
        By the source that is served worst, whose sensitivity and specificity they state.
    """
    scores, sources = 1 - probabilities[:, Finding.NORMAL.index], np.array(images.sources)
    normal = images.codes == Finding.NORMAL.index
    levels = np.unique(scores)
    # From calling every image to calling none, so that every rule has a threshold.
    thresholds = np.concatenate([[0.0], (levels[:-1] + levels[1:]) / 2, [(levels[-1] + 1) / 2]])
    sensitivities, specificities = [], []
    for source in np.unique(sources):
        sick, well = (np.sort(scores[(sources == source) & chosen]) for chosen in (~normal, normal))
        if len(sick):
            sensitivities.append(1 - np.searchsorted(sick, thresholds) / len(sick))
        if len(well):
            specificities.append(np.searchsorted(well, thresholds) / len(well))
    sensitivity, specificity = np.min(sensitivities, axis=0), np.min(specificities, axis=0)
    balance = np.mean(sensitivities, axis=0) + np.mean(specificities, axis=0)

    def point(position: int, rule: str) -> OperatingPoint:
        return OperatingPoint(
            threshold=round(float(thresholds[position]), 6),
            sensitivity=float(sensitivity[position]),
            specificity=float(specificity[position]),
            rule=rule,
        )

    # Sensitivity falls and specificity rises with the threshold.
    sensitive = int(np.flatnonzero(sensitivity >= HIGH_SENSITIVITY)[-1])
    specific = int(np.flatnonzero(specificity >= HIGH_SPECIFICITY)[0])
    return {
        "balanced": point(int(np.argmax(balance)), "largest sensitivity + specificity"),
        "high_sensitivity": point(sensitive, f"sensitivity >= {HIGH_SENSITIVITY}"),
        "high_specificity": point(specific, f"specificity >= {HIGH_SPECIFICITY}"),
    }
