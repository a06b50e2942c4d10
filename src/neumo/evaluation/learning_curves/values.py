"""The values that a reading of learning curves consists of; `diagnosis` computes them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from neumo.evaluation.values import without_nan
from neumo.texts.catalogue import texts
from neumo.texts.language import Language

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "not-finite": "unstable",
        "few-epochs": "too short",
        "spikes": "unstable",
        "loss-rises": "overfitting",
        "accuracy-gap": "overfitting",
        "learned-little": "underfitting",
        "still-falling": "underfitting",
        "together": "balanced",
    }
)
"""The verdict that each reason leads to, in the order in which reasons are tried."""


@dataclass(frozen=True)
class CurveEvidence:
    """The numbers behind a verdict; changes are relative (0.1 is a rise by a tenth), accuracies in 0-1.

    Attributes
    ----------
    epochs : int
    best_epoch : int
        The epoch whose weights were kept.
    best_is_last : bool
        True where it is one of the last two.
    epochs_without_loss : int
        Epochs whose training or validation loss is missing, NaN or infinite.
    train_loss_at_best, val_loss_at_best : float
    loss_gap_at_best, loss_gap_at_end : float
        Validation minus training loss. Below 0 is common where augmentation and dropout make training harder.
    accuracy_gap_at_best, accuracy_gap_at_end : float
        Training minus validation accuracy; NaN where not recorded.
    val_rise_after_best, train_change_after_best : float
        From the best epoch to the median of the last three after it; 0 where there is none.
    train_change_over_last_third, val_change_over_last_third : float
        Of a line fitted to the last third of the epochs.
    spikes : int
        Epochs whose validation loss stands out from its neighbours.
    best_train_accuracy : float
        NaN where not recorded.
    majority_share : float
        Accuracy of always naming the most frequent finding.
    """

    epochs: int
    best_epoch: int
    best_is_last: bool
    epochs_without_loss: int
    train_loss_at_best: float
    val_loss_at_best: float
    loss_gap_at_best: float
    loss_gap_at_end: float
    accuracy_gap_at_best: float
    accuracy_gap_at_end: float
    val_rise_after_best: float
    train_change_after_best: float
    train_change_over_last_third: float
    val_change_over_last_third: float
    spikes: int
    best_train_accuracy: float
    majority_share: float


@dataclass(frozen=True)
class CurveReading:
    """Diagnosis of the learning curves of a training run.

    Attributes
    ----------
    reason : str
        A key of `VERDICTS`.
    evidence : CurveEvidence
    """

    reason: str
    evidence: CurveEvidence

    @property
    def verdict(self) -> str:
        """One of "overfitting", "underfitting", "balanced", "unstable", "too short"."""
        return VERDICTS[self.reason]

    def words(self, lang: Language) -> str:
        """Say in "en" or "es" what the curves show, with the numbers behind it. Raises ConfigError."""
        return texts(lang)(f"evaluation.curves.{self.reason}", **asdict(self.evidence))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; NaN (not recorded) becomes None."""
        plain: dict[str, Any] = without_nan({"verdict": self.verdict, **asdict(self)})
        return plain
