"""Evaluate answers within each source of a data set, under labels that may be partial.

Nothing is pooled over sources: where one hospital sends more pneumonia than another, a pooled AUROC mostly measures how
well the hospital can be told from the image (Zech et al., PLoS Medicine 2018).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.core.labels import ALLOWED, LABELS, PartialLabel
from neumo.evaluation.metrics.classification import bacterial_share
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, weighted_auroc, weighted_mean
from neumo.evaluation.sources.values import OF_DECISION, OF_PNEUMONIA, EvaluatedSource, Images, counted_labels
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.uncertainty.calibration import probability_calibration_error
from neumo.evaluation.uncertainty.exact import clopper_pearson
from neumo.evaluation.values import Estimate

_NORMAL, _BACTERIAL, _VIRAL = (
    finding.index for finding in (Finding.NORMAL, Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA)
)
_OTHER = LABELS.index(PartialLabel.OTHER_ABNORMAL)
_PNEUMONIA: NDArray[np.bool_] = ALLOWED.any(axis=1) & ~ALLOWED[:, _NORMAL]
"""Whether a label (in the order of LABELS) is pneumonia, of whatever cause."""


def evaluate_sources(
    images: Images,
    *,
    threshold: float = 0.5,
    points: Mapping[str, float] = MappingProxyType({}),
    resamples: int = 1000,
    seed: int = 42,
    synthetic: bool = False,
) -> tuple[EvaluatedSource, ...]:
    """Compute the metrics of each source separately, with 95 % intervals from resampled patients.

    Parameters
    ----------
    images : Images
    threshold : float
        Probability of pneumonia from which it is called, in 0-1; unless the images state what is flagged.
    points : mapping of str to float
        Thresholds of operating points by their names; sensitivity and specificity are measured at each.
    resamples, seed : int
        Of the bootstrap, as in `bootstrap.estimates`.
    synthetic : bool
        True when the images are phantoms.

    Returns
    -------
    tuple of EvaluatedSource
        By name.

    Raises
    ------
    EvaluationError
        Too few resamples, or a negative seed.
    """
    sources = np.array(images.sources)

    def with_intervals(
        answered: Images, metrics: Callable[..., Mapping[str, FloatArray]]
    ) -> dict[str, Estimate]:
        if not len(answered):
            return {}
        return estimates(
            lambda weights: metrics(answered, weights=weights),
            answered.patients,
            resamples=resamples,
            seed=seed,
        )

    of_all = partial(source_metrics, threshold=threshold)

    evaluated = []
    for name in sorted(set(images.sources)):
        given = images.take(sources == name)
        refused = Counter(code for code in given.refused if code)
        answered = given.take(np.array(given.refused) == "")
        of_views = {view: with_intervals(of_view, of_all) for view, of_view in _views(answered).items()}
        at_points = with_intervals(answered, partial(_at_points, points=points)) if points else {}
        evaluated.append(
            EvaluatedSource(
                source=name,
                images=len(given),
                patients=len(set(given.patients)),
                labels=counted_labels(given.codes),
                refused=dict(refused),
                share_refused=clopper_pearson(refused.total(), len(given)),
                threshold=threshold,
                figures=with_intervals(answered, of_all),
                by_view={
                    view: {metric: figures[metric] for metric in OF_PNEUMONIA}
                    for view, figures in of_views.items()
                },
                synthetic=synthetic,
                at_points={
                    point: {
                        metric: at_points[f"{metric} {point}"]
                        for metric in OF_DECISION
                        if f"{metric} {point}" in at_points
                    }
                    for point in points
                },
                answered={
                    "normal": int((answered.codes == _NORMAL).sum()),
                    "pneumonia": int(_PNEUMONIA[answered.codes].sum()),
                },
            )
        )
    return tuple(evaluated)


def _views(images: Images) -> dict[str, Images]:
    """Images of each view that holds normal images and pneumonia, where there is more than one view."""
    views = np.array(images.views)
    known = sorted(set(images.views) - {""})
    if len(known) < 2:
        return {}
    by_view = {view: images.take(views == view) for view in known}
    return {
        view: members
        for view, members in by_view.items()
        if _PNEUMONIA[members.codes].any() and (members.codes == _NORMAL).any()
    }


def _at_points(images: Images, points: Mapping[str, float], weights: FloatArray) -> Mapping[str, FloatArray]:
    sick, well = _PNEUMONIA[images.codes], images.codes == _NORMAL
    found: dict[str, FloatArray] = {}
    for point, threshold in points.items():
        called = 1 - images.probabilities[:, _NORMAL] >= threshold
        found |= _shares(sick, called, weights, f"sensitivity {point}")
        found |= _shares(well, ~called, weights, f"specificity {point}")
    return found


def source_metrics(images: Images, threshold: float, weights: FloatArray) -> Mapping[str, FloatArray]:
    """Compute the metrics that can be measured on N answered images, under each row of weights.

    Parameters
    ----------
    images : Images
        All answered.
    threshold : float
        As in `evaluate_sources`.
    weights : ndarray of float64, shape (R, N)

    Returns
    -------
    mapping of str to ndarray of float64, shape (R,)
        NaN in rows where a metric is undefined.
    """
    codes, chances = images.codes, images.probabilities
    sick, well, other = _PNEUMONIA[codes], codes == _NORMAL, codes == _OTHER
    pneumonia = 1 - chances[:, _NORMAL]
    called = pneumonia >= threshold if images.flagged is None else images.flagged
    found: dict[str, FloatArray] = {}
    if (codes == _BACTERIAL).any() and (codes == _VIRAL).any():
        complete = codes < ALLOWED.shape[1]
        right = (chances.argmax(axis=1) == codes).astype(np.float64)
        kinds = (codes == _BACTERIAL) | (codes == _VIRAL)
        found["accuracy"] = weighted_mean(right, weights * complete)
        found["auroc_bacterial_vs_viral"] = weighted_auroc(
            codes == _BACTERIAL, bacterial_share(chances), weights * kinds
        )
    judged = weights * (sick | well)
    if sick.any() and well.any():
        found["auroc_normal_vs_pneumonia"] = weighted_auroc(sick, pneumonia, judged)
        found["calibration_error_pneumonia"] = _calibration_error(sick, well, pneumonia, weights)
    found |= _shares(sick, called, weights, "sensitivity") | _shares(well, ~called, weights, "specificity")
    if images.sets is not None:
        holds_normal: BoolArray = images.sets[:, _NORMAL]
        holds_pneumonia: BoolArray = images.sets[:, _BACTERIAL] | images.sets[:, _VIRAL]
        found |= _shares(well, holds_normal, weights, "coverage_normal")
        found |= _shares(sick, holds_pneumonia, weights, "coverage_pneumonia")
        found |= _shares(sick | well, holds_normal & holds_pneumonia, weights, "undetermined")
    return found | _shares(other, called, weights, "other_disease_called_pneumonia")


def _calibration_error(
    sick: BoolArray, well: BoolArray, pneumonia: FloatArray, weights: FloatArray
) -> FloatArray:
    judged = sick | well
    return probability_calibration_error(sick[judged], pneumonia[judged], weights[:, judged])


def _shares(counted: BoolArray, held: BoolArray, weights: FloatArray, name: str) -> dict[str, FloatArray]:
    if not counted.any():
        return {}
    return {name: weighted_mean(held.astype(np.float64), weights * counted)}
