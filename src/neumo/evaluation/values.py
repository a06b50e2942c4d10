"""The values that an evaluation consists of; `evaluate` computes them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding


@dataclass(frozen=True)
class Estimate:
    """A metric with its 95 % interval; `low` and `high` are NaN where no interval can be given."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Three decimals with the interval, for people."""
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


@dataclass(frozen=True)
class ClassReport:
    """Precision, recall and F1 of one finding, each in 0-1, and its number of images."""

    finding: Finding
    precision: Estimate
    recall: Estimate
    f1: Estimate
    auroc: Estimate
    average_precision: Estimate
    support: int


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the probability of pneumonia, and how it was chosen.

    Attributes
    ----------
    threshold : float
        Pneumonia is called where the probability of pneumonia is at least this.
    rule : str
        "default" (nothing was chosen; the threshold is 0.5), "target-sensitivity" or "cost-ratio"; in the bundle's
        words where it comes with one.
    target : float or None
        The wanted sensitivity, or the cost of a missed pneumonia over that of a false alarm.
    chosen_on : str
        Which images decided: "validation", "default" where nothing was chosen, or "bundle" where it comes with one.
    """

    threshold: float
    rule: str
    target: float | None
    chosen_on: str


@dataclass(frozen=True)
class PneumoniaDecision:
    """Performance of an operating point on the evaluated images: each an Estimate in 0-1, and the four counts."""

    operating_point: OperatingPoint
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on one set of predictions.

    Attributes
    ----------
    images, patients : int
        How many were evaluated.
    overall : mapping of str to Estimate
        Keys, in this order: accuracy, balanced_accuracy, macro_precision, macro_recall, macro_f1,
        macro_auroc, auroc_normal_vs_pneumonia, auroc_bacterial_vs_viral, macro_average_precision,
        log_loss, brier, expected_calibration_error.
    by_class : tuple of ClassReport
        In the order of FINDINGS.
    confusion : ndarray of int64, shape (3, 3)
        Rows truth, columns decision, in the order of FINDINGS.
    decisions : tuple of PneumoniaDecision
        The default operating point first, then the chosen one if any.
    resamples : int
        Bootstrap resamples of patients behind the intervals.
    seed : int
        Seed of the bootstrap.
    synthetic : bool
        True when the images are phantoms.
    """

    images: int
    patients: int
    overall: Mapping[str, Estimate]
    by_class: tuple[ClassReport, ...]
    confusion: NDArray[np.int64]
    decisions: tuple[PneumoniaDecision, ...]
    resamples: int
    seed: int
    synthetic: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; NaN (nothing to measure) becomes None."""
        value = asdict(self)
        value["confusion"] = self.confusion.tolist()
        plain: dict[str, Any] = without_nan(value)
        return plain


def without_nan(value: Any) -> Any:
    """Copy nested values with plain containers and numbers; NaN (nothing to measure) becomes None."""
    if isinstance(value, Mapping):
        return {str(key): without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return value
