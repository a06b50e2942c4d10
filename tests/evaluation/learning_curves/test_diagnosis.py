import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neumo.core.errors import EvaluationError
from neumo.evaluation.learning_curves.diagnosis import read_curves
from neumo.texts.language import Language

Values = Sequence[float] | NDArray[np.floating]


def history(
    train: Values, val: Values, train_accuracy: Values | None = None, val_accuracy: Values | None = None
) -> dict[str, list[float]]:
    columns: dict[str, Iterable[float]] = {
        "epoch": range(1, len(train) + 1),
        "train_loss": train,
        "val_loss": val,
    }
    if train_accuracy is not None and val_accuracy is not None:
        columns |= {"train_accuracy": train_accuracy, "val_accuracy": val_accuracy}
    return {name: list(values) for name, values in columns.items()}


EPOCHS = np.arange(20)
FALLING = 0.3 + 0.7 * np.exp(-EPOCHS / 3)
OVERFITTED = history(0.02 + np.exp(-EPOCHS / 4), 0.4 + 0.6 * np.exp(-EPOCHS / 2) + 0.02 * EPOCHS)
BALANCED = history(FALLING, FALLING + 0.05, 1 - FALLING / 3, 0.98 - FALLING / 3)
STILL_LEARNING = history(1.1 - 0.03 * EPOCHS, 1.12 - 0.03 * EPOCHS)


def test_a_validation_loss_that_turns_up_while_training_falls_is_overfitting() -> None:
    reading = read_curves(OVERFITTED)
    assert (reading.verdict, reading.reason) == ("overfitting", "loss-rises")
    assert reading.evidence.best_epoch == 1 + int(np.argmin(OVERFITTED["val_loss"]))
    assert reading.evidence.val_rise_after_best > 0.1
    assert reading.evidence.loss_gap_at_end > reading.evidence.loss_gap_at_best


def test_a_wide_gap_in_accuracy_at_the_best_epoch_is_overfitting() -> None:
    wide = history(FALLING - 0.2, FALLING + 0.2, 0.99 - FALLING / 9, 0.80 - FALLING / 9)
    assert read_curves(wide).reason == "accuracy-gap"


def test_curves_that_level_out_together_are_balanced() -> None:
    assert read_curves(BALANCED).verdict == "balanced"


def test_training_made_harder_by_augmentation_is_no_fault() -> None:
    augmented = history(FALLING + 0.2, FALLING, 0.85 - FALLING / 5, 0.95 - FALLING / 5)
    reading = read_curves(augmented)
    assert reading.verdict == "balanced"
    assert reading.evidence.loss_gap_at_best < 0


def test_noise_of_a_few_per_cent_does_not_change_the_verdict() -> None:
    for seed in range(20):
        noise = 1 + 0.03 * np.random.default_rng(seed).normal(size=20)
        noisy = history(FALLING, (FALLING + 0.05) * noise)
        assert read_curves(noisy).verdict == "balanced", seed


def test_a_run_that_ends_while_both_losses_fall_is_underfitting() -> None:
    assert read_curves(STILL_LEARNING).reason == "still-falling"


def test_a_network_that_never_beats_the_most_frequent_finding_is_underfitting() -> None:
    flat = history([1.05] * 10, [1.06] * 10, [0.49] * 10, [0.48] * 10)
    reading = read_curves(flat, majority_share=0.48)
    assert (reading.verdict, reading.reason) == ("underfitting", "learned-little")
    assert read_curves(flat, majority_share=0.30).verdict == "balanced"


def test_a_validation_loss_with_spikes_is_unstable() -> None:
    val = FALLING.copy()
    val[[6, 11, 16]] *= 2.0
    reading = read_curves(history(FALLING, val))
    assert (reading.verdict, reading.evidence.spikes) == ("unstable", 3)
    assert json.loads(json.dumps(reading.to_json()))["evidence"]["spikes"] == 3


def test_one_spike_of_twenty_is_forgiven() -> None:
    val = FALLING.copy()
    val[8] *= 2.0
    assert read_curves(history(FALLING, val)).verdict == "balanced"


def test_a_diverged_run_is_unstable_and_its_best_epoch_is_still_found() -> None:
    losses = [1.0, 0.8, float("nan"), float("inf")]
    reading = read_curves(history(losses, losses))
    assert (reading.reason, reading.evidence.best_epoch, reading.evidence.epochs_without_loss) == (
        "not-finite",
        2,
        2,
    )


def test_few_epochs_are_too_short() -> None:
    assert read_curves(history([1, 0.8, 0.7, 0.6], [1, 0.9, 0.8, 0.7])).verdict == "too short"


def test_rows_of_text_read_like_columns_of_numbers() -> None:
    rows = [
        {name: str(values[i]) for name, values in BALANCED.items()} | {"lr": ""} for i in range(len(EPOCHS))
    ]
    assert read_curves(rows) == read_curves(BALANCED)


def test_the_kept_epoch_can_be_named_and_must_exist() -> None:
    assert read_curves(BALANCED, 12).evidence.best_epoch == 12
    with pytest.raises(EvaluationError, match=r"best epoch: 21 .* epochs 1 to 20"):
        read_curves(BALANCED, 21)


def test_epochs_may_count_from_zero() -> None:
    from_zero = BALANCED | {"epoch": list(range(20))}
    assert read_curves(from_zero, 0).evidence.best_epoch == 0


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ([], "no epoch"),
        ({"train_loss": [1.0], "loss": [2.0]}, "missing column val_loss; it has: train_loss, loss"),
        ({"train_loss": ["x"], "val_loss": [1.0]}, "column train_loss"),
        ({"train_loss": [1.0, 0.9], "val_loss": [1.0]}, "column val_loss has 1 of 2 epochs"),
        ({"train_loss": [None], "val_loss": [None]}, "no epoch has a finite"),
    ],
)
def test_broken_histories_are_refused_with_the_fault(broken: Any, told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        read_curves(broken)


def test_words_in_both_languages_hold_the_figures() -> None:
    reading = read_curves(STILL_LEARNING)
    assert reading.words("en") == (
        "Underfitting: training ended while the network was still learning. The best epoch (20 of 20) is "
        "among the last, and over the last third the training loss changed by -22\N{NO-BREAK SPACE}% and "
        "the validation loss by -21\N{NO-BREAK SPACE}%. More epochs may help."
    )
    assert reading.words("es").startswith("Subajuste: el entrenamiento terminó cuando la red aún aprendía.")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_reason_has_words(lang: Language) -> None:
    diverged, short = [1.0, float("nan")], [1.0, 0.9]
    spiky = FALLING.copy()
    spiky[[5, 10, 15]] *= 2
    flat = history([1.05] * 10, [1.06] * 10, [0.3] * 10, [0.3] * 10)
    wide = history(FALLING - 0.2, FALLING + 0.2, [0.95] * 20, [0.75] * 20)
    histories = [
        *(OVERFITTED, BALANCED, STILL_LEARNING, flat, wide),
        *(history(diverged, diverged), history(short, short), history(FALLING, spiky)),
    ]
    readings = [read_curves(h) for h in histories]
    assert len({reading.reason for reading in readings}) == 8
    assert all("nan" not in reading.words(lang) and "{" not in reading.words(lang) for reading in readings)


def test_reading_is_valid_json() -> None:
    plain = json.loads(json.dumps(read_curves(OVERFITTED).to_json(), allow_nan=False))
    assert plain["verdict"] == "overfitting"
    assert plain["evidence"]["accuracy_gap_at_best"] is None
