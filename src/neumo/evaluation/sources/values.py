"""The values that an evaluation by source consists of; `evaluate` computes them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from neumo.core.errors import EvaluationError
from neumo.core.labels import LABELS
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, IntArray
from neumo.evaluation.values import Estimate, without_nan

OF_FINDINGS = ("accuracy", "auroc_bacterial_vs_viral")
"""Metrics over images whose label is a finding, where the source has bacterial and viral ones."""
OF_DECISION = ("sensitivity", "specificity")
"""Metrics of the decision at a threshold."""
OF_PNEUMONIA = ("auroc_normal_vs_pneumonia", *OF_DECISION)
"""Metrics over normal images and pneumonia of whatever cause; of every view, too."""
OF_UNCERTAINTY = ("calibration_error_pneumonia", "coverage_normal", "coverage_pneumonia", "undetermined")
"""Metrics over the same images. A prediction set covers pneumonia where it holds one of its kinds."""
OF_OTHER = ("other_disease_called_pneumonia",)
"""Metrics over images of other disease."""
METRICS = (*OF_FINDINGS, *OF_PNEUMONIA, *OF_UNCERTAINTY, *OF_OTHER)
"""Names of the metrics of a source, in the order in which they are shown; all lie in 0-1."""
LOWER_IS_BETTER = frozenset(
    {"refused", "calibration_error_pneumonia", "undetermined", "other_disease_called_pneumonia"}
)


@dataclass(frozen=True)
class Images:
    """Images of a data set, with their answers where they have one.

    Attributes
    ----------
    sources, views, patients : tuple of str, length N
        Source and view are empty where unknown.
    codes : ndarray of int64, shape (N,)
        Positions of the labels in LABELS; they may be partial.
    refused : tuple of str, length N
        Code of the reason why an image has no answer; empty where it has one.
    probabilities : ndarray of float64, shape (N, 3)
        Columns in the order of FINDINGS; each row sums to 1, and is ignored where the image has no answer.
    sets : ndarray of bool, shape (N, 3), or None
        Which findings each prediction set holds; None where there are none.
    flagged : ndarray of bool, shape (N,), or None
        Which are flagged as pneumonia, where no single threshold decides that.
    """

    sources: tuple[str, ...]
    views: tuple[str, ...]
    patients: tuple[str, ...]
    codes: IntArray
    refused: tuple[str, ...]
    probabilities: FloatArray
    sets: BoolArray | None = None
    flagged: BoolArray | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.sources), len(self.views), len(self.patients), len(self.codes), len(self.refused)}
        shapes = {self.probabilities.shape, *(() if self.sets is None else (self.sets.shape,))}
        if lengths != {len(self)} or shapes != {(len(self), 3)}:
            raise EvaluationError("images: labels, patients and answers do not belong together")

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, chosen: BoolArray) -> "Images":
        """Return the images where `chosen`, shape (N,), is true."""
        positions = np.flatnonzero(chosen)
        return Images(
            sources=tuple(self.sources[i] for i in positions),
            views=tuple(self.views[i] for i in positions),
            patients=tuple(self.patients[i] for i in positions),
            codes=self.codes[chosen],
            refused=tuple(self.refused[i] for i in positions),
            probabilities=self.probabilities[chosen],
            sets=None if self.sets is None else self.sets[chosen],
            flagged=None if self.flagged is None else self.flagged[chosen],
        )


@dataclass(frozen=True)
class EvaluatedSource:
    """Metrics within one source.

    Attributes
    ----------
    source : str
        Empty where the data set names none.
    images, patients : int
        All that were given, with those that were refused.
    labels : mapping of str to int
        Images by label, with those that were refused.
    refused : mapping of str to int
        Refusals and failures by code.
    share_refused : Estimate
        With its exact (Clopper-Pearson) interval, over images.
    threshold : float
        On the probability of pneumonia, from which it is called.
    figures : mapping of str to Estimate
        Of `METRICS`, those that the source's labels allow; intervals over patients.
    by_view : mapping of str to mapping of str to Estimate
        `OF_PNEUMONIA` of each view that holds normal images and pneumonia, where there is more than one view.
    synthetic : bool
        True when the images are phantoms.
    at_points : mapping of str to mapping of str to Estimate
        Sensitivity and specificity at each operating point by its name, of those that the labels allow.
    answered : mapping of str to int
        Images of "normal" and of "pneumonia" that were answered: those that sensitivity and specificity are of.
    """

    source: str
    images: int
    patients: int
    labels: Mapping[str, int]
    refused: Mapping[str, int]
    share_refused: Estimate
    threshold: float
    figures: Mapping[str, Estimate]
    by_view: Mapping[str, Mapping[str, Estimate]]
    synthetic: bool = False
    at_points: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    answered: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; NaN (nothing to measure) becomes None."""
        plain: dict[str, Any] = without_nan(asdict(self))
        return plain


def worst_sources(evaluated: Sequence[EvaluatedSource]) -> dict[str, str]:
    """Return, for each metric of `METRICS` that two sources or more have, the source with the worst value."""
    worst = {}
    for metric in METRICS:
        values = [(one.figures[metric].value, one.source) for one in evaluated if metric in one.figures]
        values = [pair for pair in values if not np.isnan(pair[0])]
        if len(values) > 1:
            worst[metric] = (max if metric in LOWER_IS_BETTER else min)(values)[1]
    return worst


def counted_labels(codes: IntArray) -> dict[str, int]:
    """Images by label, in the order of LABELS, without labels that do not occur."""
    return {label.value: count for code, label in enumerate(LABELS) if (count := int((codes == code).sum()))}
