"""The values that a comparison of runs consists of; `compare` computes them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.metrics.classification import class_key
from neumo.evaluation.values import Estimate, without_nan

COMPARED = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "macro_auroc",
    "auroc_normal_vs_pneumonia",
    "auroc_bacterial_vs_viral",
    *(class_key("recall", finding) for finding in FINDINGS),
)
"""Names of the metrics that are compared, in the order in which they are shown; more is better for each."""


@dataclass(frozen=True)
class ComparedRun:
    """One run on the images that all runs answered.

    Attributes
    ----------
    name : str
    figures : mapping of str to Estimate
        Every name of `measure`.
    confusion : tuple of tuple of int, 3 by 3
        Rows truth, columns decision, in the order of FINDINGS.
    """

    name: str
    figures: Mapping[str, Estimate]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class McNemar:
    """Exact McNemar test of two runs' right and wrong decisions on the same images.

    It treats images as independent; the intervals of `Pair.differences` do not, and resample patients.

    Attributes
    ----------
    only_earlier_right, only_later_right : int
        Images that one run decided rightly and the other wrongly.
    p_value : float
        Two-sided, in 0-1: how likely so uneven a pair of counts is where both runs are equally good.
    p_adjusted : float
        The same after Holm's correction over all pairs of the comparison.
    """

    only_earlier_right: int
    only_later_right: int
    p_value: float
    p_adjusted: float


@dataclass(frozen=True)
class CellChange:
    """Change of one cell of the confusion matrix, in images: later minus earlier."""

    truth: Finding
    decision: Finding
    earlier: int
    later: int
    change: Estimate

    @property
    def is_error(self) -> bool:
        """True off the diagonal."""
        return self.truth != self.decision


@dataclass(frozen=True)
class Pair:
    """A later run against an earlier one.

    Attributes
    ----------
    earlier, later : str
        Names of the runs.
    differences : mapping of str to Estimate
        The names of `COMPARED`: later minus earlier, with a paired 95 % interval over patients.
    mcnemar : McNemar
    cells : tuple of CellChange
        All nine, row by row.
    """

    earlier: str
    later: str
    differences: Mapping[str, Estimate]
    mcnemar: McNemar
    cells: tuple[CellChange, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs that answered the same images, and each later one against each earlier one.

    Attributes
    ----------
    runs : tuple of ComparedRun
    pairs : tuple of Pair
        Run 2 against 1, then 3 against 1 and 2, and so on.
    images, patients : int
    correction : str
        How p values are adjusted for several pairs: "holm".
    resamples, seed : int
        Of the bootstrap.
    synthetic : bool
        True when the images are phantoms.
    """

    runs: tuple[ComparedRun, ...]
    pairs: tuple[Pair, ...]
    images: int
    patients: int
    correction: str
    resamples: int
    seed: int
    synthetic: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; NaN (nothing to measure) becomes None."""
        plain: dict[str, Any] = without_nan(asdict(self))
        return plain


def differs(difference: Estimate) -> bool:
    """Tell whether an interval excludes 0; False where there is none."""
    return difference.low > 0.0 or difference.high < 0.0
