"""The values that an evaluation by subgroup consists of, with their words; `evaluate` computes them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neumo.core.findings import FINDINGS
from neumo.evaluation.metrics.classification import class_key
from neumo.evaluation.values import Estimate, OperatingPoint, without_nan
from neumo.texts.catalogue import texts
from neumo.texts.language import Language

MAX_HALF_WIDTH = 0.1
"""Half-width of the interval of sensitivity or specificity above which a group is called imprecise: such a
group could be ten points better or worse than its metric."""

SUBGROUP_METRICS = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    *(class_key("recall", finding) for finding in FINDINGS),
    "auroc_normal_vs_pneumonia",
    "sensitivity",
    "specificity",
)
"""Names of the metrics of a subgroup, in the order in which they are shown."""


@dataclass(frozen=True)
class Subgroup:
    """Metrics of the images that share one value of a column.

    Attributes
    ----------
    name : str
        The value; "unknown" where the column is empty.
    images, patients : int
    patients_with_pneumonia, patients_without_pneumonia : int
        A patient with images of both kinds counts in both.
    figures : mapping of str to Estimate
        The names of `SUBGROUP_METRICS`; NaN where not measurable.
    reasons : tuple of str
        Why the group is too small to evaluate, of "few-with-pneumonia", "few-without-pneumonia", "imprecise";
        empty where it is not.
    minimum : int
        Patients with and without pneumonia that were asked for.
    """

    name: str
    images: int
    patients: int
    patients_with_pneumonia: int
    patients_without_pneumonia: int
    figures: Mapping[str, Estimate]
    reasons: tuple[str, ...]
    minimum: int

    @property
    def judgeable(self) -> bool:
        """True where the group is large enough for its metrics to mean something."""
        return not self.reasons

    def words(self, lang: Language) -> str:
        """Say in "en" or "es" whether the group is large enough, and why not. Raises ConfigError."""
        t = texts(lang)
        if self.judgeable:
            return t("evaluation.equity.large_enough")
        numbers = {
            "sick": self.patients_with_pneumonia,
            "well": self.patients_without_pneumonia,
            "minimum": self.minimum,
            "widest": MAX_HALF_WIDTH,
        }
        reasons = [t(f"evaluation.equity.reasons.{reason}", **numbers) for reason in self.reasons]
        return t("evaluation.equity.too_small", reasons="; ".join(reasons))


@dataclass(frozen=True)
class Gap:
    """Distance between the best and the worst served group, among those large enough to evaluate.

    Attributes
    ----------
    figure : str
        "accuracy", "sensitivity" or "specificity".
    lowest, highest : str
        Names of the two groups.
    difference : Estimate
        Highest minus lowest. The two were picked after looking, so that an interval near 0 says little, and
        chance alone makes the difference positive.
    ratio : float
        Lowest over highest, in 0-1; 1 is best.
    """

    figure: str
    lowest: str
    highest: str
    difference: Estimate
    ratio: float


@dataclass(frozen=True)
class SubgroupReport:
    """All groups of one column.

    Attributes
    ----------
    column : str
    operating_point : OperatingPoint
        Behind sensitivity and specificity.
    groups : tuple of Subgroup
        Age bands from young to old, other values in alphabetical order, "unknown" last.
    gaps : tuple of Gap
        Empty where fewer than two groups are large enough to evaluate.
    equalized_odds_difference : float
        The larger of the gaps in sensitivity and in false alarms; NaN where there are no gaps.
    resamples, seed : int
        Of the bootstrap.
    synthetic : bool
        True when the images are phantoms.
    """

    column: str
    operating_point: OperatingPoint
    groups: tuple[Subgroup, ...]
    gaps: tuple[Gap, ...]
    equalized_odds_difference: float
    resamples: int
    seed: int
    synthetic: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; NaN (nothing to measure) becomes None."""
        value = asdict(self)
        for plain, group in zip(value["groups"], self.groups, strict=True):
            plain["judgeable"] = group.judgeable
        plain_report: dict[str, Any] = without_nan(value)
        return plain_report
