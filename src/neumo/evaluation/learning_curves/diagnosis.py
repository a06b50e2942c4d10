"""Diagnosis of learning curves: overfitting, underfitting, unstable, or balanced.

The reading looks at a run as a whole. The weights that are saved are those of the best epoch, so a run may
overfit after that epoch and still leave a good model; the reading says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from neumo.core.errors import EvaluationError
from neumo.evaluation.learning_curves.values import VERDICTS, CurveEvidence, CurveReading
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray

History: TypeAlias = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]

MIN_EPOCHS = 5
"""Fewer epochs than the study's patience (5) show no trend."""

RISE = 0.10
"""Rise of the validation loss after its best epoch, as a share of it, from which a run is said to overfit.
Epochs near the best one commonly differ by a few per cent."""

ACCURACY_GAP = 0.10
"""Training minus validation accuracy at the best epoch from which a run is said to overfit."""

LOSS_RATIO = 1.5
"""Validation over training loss at the best epoch that must go with such a gap in accuracy."""

SPIKE = 1.25
"""An epoch is a spike where its validation loss is so many times the median around it."""

MIN_SPIKES = 2
SPIKE_SHARE = 0.10
"""A run is unstable where both so many epochs and this share of all epochs are spikes."""

STILL_FALLING = 0.05
"""Fall of a loss over the last third of a run, as a share, from which it is said to be falling still."""

ABOVE_MAJORITY = 0.10
"""Training accuracy above that of always naming the most frequent finding that counts as having learned."""


def read_curves(
    history: History, best_epoch: int | None = None, *, majority_share: float = 1 / 3
) -> CurveReading:
    """Read a history of epochs.

    Parameters
    ----------
    history : sequence of mappings, or mapping of sequences
        One mapping an epoch, or one sequence a column. Needs train_loss and val_loss; train_accuracy and
        val_accuracy (0-1) are used where they are there, and so is epoch (else epochs count from 1). None or
        an empty text is a missing value.
    best_epoch : int, optional
        Epoch whose weights were kept; that of the lowest validation loss when left out.
    majority_share : float
        Share of the most frequent finding in training, in 0-1; a third where classes were balanced.

    Returns
    -------
    CurveReading
        The first verdict that applies, in this order: "unstable" where a loss is not finite, "too short"
        below 5 epochs, "unstable" where the validation loss has spikes, "overfitting", "underfitting",
        "balanced".

    Raises
    ------
    EvaluationError
        The history is empty, lacks a loss, holds text, or does not hold `best_epoch`.
    """
    columns = _columns(history)
    epochs = columns["epoch"]
    finite = np.isfinite(columns["train_loss"]) & np.isfinite(columns["val_loss"])
    if not finite.any():
        raise EvaluationError("history: no epoch has a finite train_loss and val_loss; train the run again")
    best = _best_position(epochs, columns["val_loss"], finite, best_epoch)
    evidence = _evidence(columns, finite, best, majority_share)
    return CurveReading(reason=_reason(evidence), evidence=evidence)


def _columns(history: History) -> dict[str, FloatArray]:
    """Columns by name as arrays of shape (epochs,); absent accuracies are NaN."""
    table = _as_table(history)
    count = max((len(values) for values in table.values()), default=0)
    if count == 0:
        raise EvaluationError("history: there is no epoch; train the run first")
    absent = [name for name in ("train_loss", "val_loss") if name not in table]
    if absent:
        raise EvaluationError(
            "history: missing column {absent}; it has: {table}",
            absent=", ".join(absent),
            table=", ".join(table),
        )
    columns = {name: np.full(count, np.nan) for name in ("train_accuracy", "val_accuracy")}
    columns["epoch"] = np.arange(1.0, count + 1)
    columns |= {
        name: _numbers(name, table[name]) for name in (*columns, "train_loss", "val_loss") if name in table
    }
    uneven = [name for name, values in columns.items() if len(values) != count]
    if uneven:
        raise EvaluationError(
            "history: column {uneven} has {held} of {count} epochs",
            uneven=uneven[0],
            held=len(columns[uneven[0]]),
            count=count,
        )
    return columns


def _as_table(history: History) -> dict[str, Sequence[Any]]:
    if isinstance(history, Mapping):
        return dict(history)
    names = dict.fromkeys(name for row in history for name in row)
    return {name: [row.get(name) for row in history] for name in names}


def _numbers(name: str, values: Sequence[Any]) -> FloatArray:
    try:
        return np.array(
            [np.nan if value in (None, "") else float(value) for value in values], dtype=np.float64
        )
    except (TypeError, ValueError) as error:
        raise EvaluationError(
            "history: column {name} holds a value that is no number ({error})", name=name, error=error
        ) from error


def _best_position(
    epochs: FloatArray, val_loss: FloatArray, finite: BoolArray, best_epoch: int | None
) -> int:
    if best_epoch is None:
        return int(np.argmin(np.where(finite, val_loss, np.inf)))
    found = np.flatnonzero(epochs == best_epoch)
    if found.size == 0 or not finite[found[0]]:
        raise EvaluationError(
            "best epoch: {best_epoch} is not in the history or has no loss; it holds epochs "
            "{first:g} to {last:g}",
            best_epoch=best_epoch,
            first=epochs[0],
            last=epochs[-1],
        )
    return int(found[0])


def _evidence(
    columns: Mapping[str, FloatArray], finite: BoolArray, best: int, majority_share: float
) -> CurveEvidence:
    train, val = columns["train_loss"], columns["val_loss"]
    last = int(np.flatnonzero(finite)[-1])
    accuracy_gap = columns["train_accuracy"] - columns["val_accuracy"]
    known_accuracy = columns["train_accuracy"][np.isfinite(columns["train_accuracy"])]
    return CurveEvidence(
        epochs=len(train),
        best_epoch=int(columns["epoch"][best]),
        best_is_last=best >= last - 1,
        epochs_without_loss=int((~finite).sum()),
        train_loss_at_best=float(train[best]),
        val_loss_at_best=float(val[best]),
        loss_gap_at_best=float(val[best] - train[best]),
        loss_gap_at_end=float(val[last] - train[last]),
        accuracy_gap_at_best=float(accuracy_gap[best]),
        accuracy_gap_at_end=float(accuracy_gap[last]),
        val_rise_after_best=_change_to_end(val, finite, best),
        train_change_after_best=_change_to_end(train, finite, best),
        train_change_over_last_third=_change_over_last_third(train[finite]),
        val_change_over_last_third=_change_over_last_third(val[finite]),
        spikes=_spikes(val[finite]),
        best_train_accuracy=float(known_accuracy.max()) if known_accuracy.size else float("nan"),
        majority_share=majority_share,
    )


def _change_to_end(loss: FloatArray, finite: BoolArray, best: int) -> float:
    """Relative change from the best epoch to the median of the last three after it; 0 if none."""
    after = loss[best + 1 :][finite[best + 1 :]]
    return float(np.median(after[-3:]) / loss[best] - 1.0) if after.size and loss[best] > 0 else 0.0


def _change_over_last_third(loss: FloatArray) -> float:
    """Relative change of the line fitted to the last third (three epochs or more) of a loss."""
    tail = loss[-max(3, len(loss) // 3) :]
    if len(tail) < 3:
        return 0.0
    slope, start = np.polyfit(np.arange(len(tail)), tail, 1)
    return float(slope * (len(tail) - 1) / start) if start > 0 else 0.0


def _spikes(loss: FloatArray) -> int:
    """Epochs whose loss stands out from the two before and the two after; the ends cannot stand out."""
    neighbourhoods = [loss[max(0, i - 2) : i + 3] for i in range(1, len(loss) - 1)]
    return sum(
        bool(value > SPIKE * np.median(near) and value == near.max())
        for value, near in zip(loss[1:-1], neighbourhoods, strict=True)
    )


def _reason(evidence: CurveEvidence) -> str:
    """First key of VERDICTS that applies."""
    applies = {
        "not-finite": evidence.epochs_without_loss > 0,
        "few-epochs": evidence.epochs < MIN_EPOCHS,
        "spikes": evidence.spikes >= max(MIN_SPIKES, SPIKE_SHARE * evidence.epochs),
        "loss-rises": evidence.val_rise_after_best >= RISE and evidence.train_change_after_best < 0.0,
        "accuracy-gap": evidence.accuracy_gap_at_best >= ACCURACY_GAP
        and evidence.val_loss_at_best >= LOSS_RATIO * evidence.train_loss_at_best,
        "learned-little": evidence.best_train_accuracy < evidence.majority_share + ABOVE_MAJORITY,
        "still-falling": evidence.best_is_last
        and max(evidence.train_change_over_last_third, evidence.val_change_over_last_third) <= -STILL_FALLING,
        "together": True,
    }
    return next(reason for reason in VERDICTS if applies[reason])
