"""The values a reading of learning curves consists of, with their words; `learning_curves` computes them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from neumo.evaluation.judgement import without_nan
from neumo.evaluation.languages import check_language

VERDICTS = ("overfitting", "underfitting", "balanced", "unstable", "too short")

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "overfitting": (
                "Overfitting: the network learned its training images better than what they have in common. "
                "At the best epoch ({best_epoch}) the validation loss is {val_loss_at_best:.3f} and the training "
                "loss {train_loss_at_best:.3f}; after it the validation loss changed by "
                "{val_rise_after_best:+.0%} while the training loss changed by {train_change_after_best:+.0%}. "
                "The weights kept are those of epoch {best_epoch}. More augmentation, more dropout or weight "
                "decay, or a smaller network may help."
            ),
            "underfitting": (
                "Underfitting: the network could still learn more. Over the last third of the {epochs} epochs the "
                "training loss changed by {train_change_over_last_third:+.0%} and the validation loss by "
                "{val_change_over_last_third:+.0%}; the best epoch is {best_epoch}. More epochs, a higher "
                "learning rate or a larger network may help."
            ),
            "balanced": (
                "Balanced: training and validation went together. At the best epoch ({best_epoch} of {epochs}) "
                "the validation loss is {val_loss_at_best:.3f} and the training loss {train_loss_at_best:.3f}; "
                "after it the validation loss changed by {val_rise_after_best:+.0%}."
            ),
            "unstable": (
                "Unstable: the validation loss jumps ({spikes} of {epochs} epochs stand out from their "
                "neighbours; {epochs_without_loss} have no finite loss), so the choice of the best epoch "
                "({best_epoch}) owes much to chance. A lower learning rate or more validation images may help."
            ),
            "too short": (
                "Too short: {epochs} epochs show no trend. Train for at least 5 epochs to read the curves."
            ),
        },
        "es": {
            "overfitting": (
                "Sobreajuste: la red aprendió sus imágenes de entrenamiento mejor que lo que tienen en común. "
                "En la mejor época ({best_epoch}) la pérdida de validación es {val_loss_at_best:.3f} y la de "
                "entrenamiento {train_loss_at_best:.3f}; después, la pérdida de validación cambió "
                "{val_rise_after_best:+.0%} y la de entrenamiento {train_change_after_best:+.0%}. "
                "Se conservan los pesos de la época {best_epoch}. Pueden ayudar más aumento de datos, más dropout "
                "o decaimiento de pesos, o una red más pequeña."
            ),
            "underfitting": (
                "Subajuste: la red aún podía aprender más. En el último tercio de las {epochs} épocas la pérdida "
                "de entrenamiento cambió {train_change_over_last_third:+.0%} y la de validación "
                "{val_change_over_last_third:+.0%}; la mejor época es la {best_epoch}. Pueden ayudar más épocas, "
                "una tasa de aprendizaje mayor o una red más grande."
            ),
            "balanced": (
                "Equilibrado: entrenamiento y validación fueron a la par. En la mejor época ({best_epoch} de "
                "{epochs}) la pérdida de validación es {val_loss_at_best:.3f} y la de entrenamiento "
                "{train_loss_at_best:.3f}; después, la pérdida de validación cambió {val_rise_after_best:+.0%}."
            ),
            "unstable": (
                "Inestable: la pérdida de validación da saltos ({spikes} de {epochs} épocas se apartan de sus "
                "vecinas; {epochs_without_loss} no tienen una pérdida finita), así que la elección de la mejor "
                "época ({best_epoch}) debe mucho al azar. Pueden ayudar una tasa de aprendizaje menor o más "
                "imágenes de validación."
            ),
            "too short": (
                "Demasiado corto: {epochs} épocas no muestran una tendencia. Entrene al menos 5 épocas para leer "
                "las curvas."
            ),
        },
    }
)


@dataclass(frozen=True)
class CurveEvidence:
    """The figures behind a verdict; changes are relative (0.1 is a rise by a tenth), accuracies in 0-1.

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
    """A verdict on a training run, one of `VERDICTS`, with its evidence."""

    verdict: str
    evidence: CurveEvidence

    def words(self, lang: str) -> str:
        """Say in "en" or "es" what the curves show, with the figures behind it. Raises EvaluationError."""
        return _WORDS[check_language(lang)][self.verdict].format(**asdict(self.evidence))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; NaN (not recorded) becomes None."""
        plain: dict[str, Any] = without_nan(asdict(self))
        return plain
