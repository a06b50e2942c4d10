"""What a reading of learning curves says to people, by language and by the reason of its verdict."""

from collections.abc import Mapping
from types import MappingProxyType

CURVE_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "loss-rises": (
                "Overfitting: after the best epoch ({best_epoch}) the training loss went on falling "
                "({train_change_after_best:+.0%}) while the validation loss rose "
                "({val_rise_after_best:+.0%}). The weights kept are those of epoch {best_epoch}. Stronger"
                " augmentation, more dropout or weight decay, or a smaller network may help."
            ),
            "accuracy-gap": (
                "Overfitting: already at the best epoch ({best_epoch}) the training accuracy is "
                "{accuracy_gap_at_best:.2f} above the validation accuracy, and the validation loss is "
                "{val_loss_at_best:.3f} where the training loss is {train_loss_at_best:.3f}. Stronger "
                "augmentation, more dropout or weight decay, or a smaller network may help."
            ),
            "learned-little": (
                "Underfitting: the training accuracy never went above {best_train_accuracy:.2f}, where "
                "always naming the most frequent finding gives {majority_share:.2f}. Another learning "
                "rate, more epochs or a larger network may help."
            ),
            "still-falling": (
                "Underfitting: training ended while the network was still learning. The best epoch "
                "({best_epoch} of {epochs}) is among the last, and over the last third the training loss "
                "changed by {train_change_over_last_third:+.0%} and the validation loss by "
                "{val_change_over_last_third:+.0%}. More epochs may help."
            ),
            "together": (
                "Balanced: training and validation went together. At the best epoch ({best_epoch} of "
                "{epochs}) the validation loss is {val_loss_at_best:.3f} and the training loss "
                "{train_loss_at_best:.3f}; after it the validation loss changed by "
                "{val_rise_after_best:+.0%}."
            ),
            "not-finite": (
                "Unstable: {epochs_without_loss} of {epochs} epochs have no finite loss. A lower learning"
                " rate may help."
            ),
            "spikes": (
                "Unstable: the validation loss of {spikes} of {epochs} epochs stands out from that of its"
                " neighbours, so that the choice of the best epoch ({best_epoch}) owes much to chance. A "
                "lower learning rate or more validation images may help."
            ),
            "few-epochs": (
                "Too short: {epochs} epochs show no trend. Train for 5 or more to read the curves."
            ),
        },
        "es": {
            "loss-rises": (
                "Sobreajuste: después de la mejor época ({best_epoch}) la pérdida de entrenamiento siguió"
                " bajando ({train_change_after_best:+.0%}) mientras la de validación subió "
                "({val_rise_after_best:+.0%}). Se conservan los pesos de la época {best_epoch}. Pueden "
                "ayudar un aumento de datos más fuerte, más dropout o decaimiento de pesos, o una red más"
                " pequeña."
            ),
            "accuracy-gap": (
                "Sobreajuste: ya en la mejor época ({best_epoch}) la exactitud de entrenamiento supera en"
                " {accuracy_gap_at_best:.2f} a la de validación, y la pérdida de validación es "
                "{val_loss_at_best:.3f} cuando la de entrenamiento es {train_loss_at_best:.3f}. Pueden "
                "ayudar un aumento de datos más fuerte, más dropout o decaimiento de pesos, o una red más"
                " pequeña."
            ),
            "learned-little": (
                "Subajuste: la exactitud de entrenamiento nunca pasó de {best_train_accuracy:.2f}, cuando"
                " nombrar siempre el hallazgo más frecuente da {majority_share:.2f}. Pueden ayudar otra "
                "tasa de aprendizaje, más épocas o una red más grande."
            ),
            "still-falling": (
                "Subajuste: el entrenamiento terminó cuando la red aún aprendía. La mejor época "
                "({best_epoch} de {epochs}) está entre las últimas, y en el último tercio la pérdida de "
                "entrenamiento cambió {train_change_over_last_third:+.0%} y la de validación "
                "{val_change_over_last_third:+.0%}. Pueden ayudar más épocas."
            ),
            "together": (
                "Equilibrado: entrenamiento y validación fueron a la par. En la mejor época ({best_epoch}"
                " de {epochs}) la pérdida de validación es {val_loss_at_best:.3f} y la de entrenamiento "
                "{train_loss_at_best:.3f}; después, la pérdida de validación cambió "
                "{val_rise_after_best:+.0%}."
            ),
            "not-finite": (
                "Inestable: {epochs_without_loss} de {epochs} épocas no tienen una pérdida finita. Puede "
                "ayudar una tasa de aprendizaje menor."
            ),
            "spikes": (
                "Inestable: la pérdida de validación de {spikes} de {epochs} épocas se aparta de la de "
                "sus vecinas, así que la elección de la mejor época ({best_epoch}) debe mucho al azar. "
                "Pueden ayudar una tasa de aprendizaje menor o más imágenes de validación."
            ),
            "few-epochs": (
                "Demasiado corto: {epochs} épocas no muestran una tendencia. Entrene 5 o más para leer "
                "las curvas."
            ),
        },
    }
)
"""Templates; their fields are those of `CurveEvidence`."""
