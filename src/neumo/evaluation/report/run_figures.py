"""Figures of one evaluated run. Each function returns a Figure; `save_figures` writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.evaluation.metrics.operating_point import trade_off
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.report.confusion_figure import confusion_matrix
from neumo.evaluation.report.figure_style import (
    FINDING_COLOURS,
    GRID,
    INK,
    MUTED,
    PNEUMONIA_COLOUR,
    TRAIN,
    VALIDATION,
    new_figure,
    styled,
    unit_axes,
    with_area,
)
from neumo.evaluation.report.ranking_figures import precision_recall, roc
from neumo.evaluation.uncertainty.calibration import reliability_bins
from neumo.evaluation.values import Evaluation
from neumo.texts.catalogue import texts
from neumo.texts.language import Language

Epochs = Sequence[Mapping[str, Any]]
"""One mapping an epoch: epoch, train_loss, val_loss, train_accuracy, val_accuracy, learning_rate."""

_THRESHOLDS = np.linspace(0.0, 1.0, 201)


def run_figures(
    predictions: Predictions,
    evaluation: Evaluation,
    *,
    history: Epochs = (),
    best_epoch: int | None = None,
    lang: Language = "en",
) -> dict[str, Figure]:
    """Draw every figure of a run, by file name; no learning curves where `history` is empty.

    Raises
    ------
    ConfigError
        Another language than "en" or "es".
    """
    curves = {"learning_curves": learning_curves(history, best_epoch, lang=lang)} if history else {}
    return curves | {
        "confusion_matrix": confusion_matrix(evaluation.confusion, lang=lang),
        "roc": roc(predictions, evaluation, lang=lang),
        "precision_recall": precision_recall(predictions, evaluation, lang=lang),
        "reliability": reliability(predictions, evaluation, lang=lang),
        "trade_off": operating_trade_off(predictions, evaluation, lang=lang),
    }


@styled
def learning_curves(history: Epochs, best_epoch: int | None = None, *, lang: Language = "en") -> Figure:
    """Loss and accuracy by epoch, training beside validation, with the best epoch and learning-rate steps.

    Parameters
    ----------
    history : sequence of mappings
        Missing columns and missing values leave gaps.
    best_epoch : int, optional
        Marked where given.
    lang : str
    """
    t = texts(lang)
    epochs = _column(history, "epoch")
    epochs = np.where(np.isfinite(epochs), epochs, np.arange(1, len(history) + 1))
    figure, (loss, accuracy) = new_figure(9.2, 3.9, columns=2)
    for axes, name in ((loss, "loss"), (accuracy, "accuracy")):
        axes.plot(
            epochs,
            _column(history, f"train_{name}"),
            color=TRAIN,
            marker="o",
            markersize=3,
            label=t("evaluation.plots.train"),
        )
        axes.plot(
            epochs,
            _column(history, f"val_{name}"),
            color=VALIDATION,
            linestyle=(0, (5, 1.5)),
            marker="s",
            markersize=3,
            label=t("evaluation.plots.validation"),
        )
        axes.set_title(t.label({"loss": "evaluation.plots.loss"}.get(name, "terms.metrics.accuracy")))
        axes.set_xlabel(t("evaluation.plots.epoch"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _mark_rate_steps(axes, epochs, _column(history, "learning_rate"))
        if best_epoch is not None:
            axes.axvline(best_epoch, color=MUTED, linewidth=1.2, linestyle=":")
    loss.set_ylim(bottom=0)
    if best_epoch is not None:
        label = t("evaluation.plots.best_epoch", epoch=best_epoch)
        accuracy.plot([], [], color=MUTED, linewidth=1.2, linestyle=":", label=label)
    _label_rate_steps(accuracy, _column(history, "learning_rate"), t("evaluation.plots.learning_rate"))
    handles, labels = accuracy.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(labels))
    return figure


def _column(history: Epochs, name: str) -> NDArray[np.float64]:
    values = (row.get(name) for row in history)
    return np.array([np.nan if value in (None, "") else float(value) for value in values], dtype=np.float64)


def _rate_steps(rates: NDArray[np.float64]) -> NDArray[np.intp]:
    """Positions of the epochs that began with another learning rate; a rate that always moves has no steps."""
    steps = np.flatnonzero(np.diff(rates)) + 1
    steps = steps[np.isfinite(rates[steps])]
    return steps if steps.size <= len(rates) / 4 else steps[:0]


def _mark_rate_steps(axes: Axes, epochs: NDArray[np.float64], rates: NDArray[np.float64]) -> None:
    for step in _rate_steps(rates):
        axes.axvline(epochs[step], color=GRID, linewidth=3, zorder=0)


def _label_rate_steps(axes: Axes, rates: NDArray[np.float64], name: str) -> None:
    steps = _rate_steps(rates)
    if steps.size:
        values = " → ".join(f"{rates[i]:.1e}" for i in (0, *steps))
        axes.plot([], [], color=GRID, linewidth=3, label=f"{name}: {values}")


@styled
def reliability(predictions: Predictions, evaluation: Evaluation, *, lang: Language = "en") -> Figure:
    """Share of right decisions against confidence in 15 bins (Guo et al., ICML 2017), with counts below."""
    t = texts(lang)
    bins = [b for b in reliability_bins(predictions.truth, predictions.probabilities) if b.count]
    confidence, accuracy = [b.confidence for b in bins], [b.accuracy for b in bins]
    counts = np.array([b.count for b in bins])
    figure, (diagram, histogram) = new_figure(5.4, 5.4, rows=2, height_ratios=[3.4, 1], sharex=True)
    diagram.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=":", label=t("evaluation.plots.perfect"))
    diagram.vlines(confidence, confidence, accuracy, color=VALIDATION, linewidth=1.6, alpha=0.7)
    diagram.plot(confidence, accuracy, color=TRAIN, linewidth=1.2)
    diagram.scatter(confidence, accuracy, s=18 + 130 * counts / counts.max(), color=TRAIN, zorder=3)
    unit_axes(diagram, square=False)
    diagram.set_title(t("evaluation.plots.reliability"))
    diagram.set_ylabel(t("evaluation.plots.share_right"))
    diagram.legend(
        loc="upper left",
        title=with_area("ECE", evaluation.overall["expected_calibration_error"]),
        alignment="left",
    )
    histogram.bar(
        [b.low for b in bins], counts, [b.high - b.low for b in bins], align="edge", color=TRAIN, alpha=0.75
    )
    histogram.set_xlabel(t("evaluation.plots.confidence"))
    histogram.set_ylabel(t.label("evaluation.names.images"))
    return figure


@styled
def operating_trade_off(predictions: Predictions, evaluation: Evaluation, *, lang: Language = "en") -> Figure:
    """Sensitivity, specificity, PPV and NPV against the threshold, with the operating points marked."""
    t = texts(lang)
    rates = trade_off(predictions, _THRESHOLDS)
    figure, (axes,) = new_figure(9.2, 4.0)
    lines = (
        ("sensitivity", rates.sensitivity, PNEUMONIA_COLOUR, "-"),
        ("specificity", rates.specificity, FINDING_COLOURS[Finding.NORMAL], (0, (6, 2))),
        ("ppv", rates.ppv, VALIDATION, (0, (2, 1.5))),
        ("npv", rates.npv, FINDING_COLOURS[Finding.VIRAL_PNEUMONIA], (0, (6, 1.5, 1.5, 1.5))),
    )
    for name, values, colour, dashes in lines:
        axes.plot(
            rates.thresholds, values, color=colour, linestyle=dashes, label=t.label(f"terms.metrics.{name}")
        )
    unit_axes(axes, square=False)
    for position, decision in enumerate(evaluation.decisions):
        threshold = decision.operating_point.threshold
        name = t(
            "evaluation.plots.chosen_threshold" if position else "evaluation.plots.default_threshold",
            threshold=threshold,
        )
        axes.axvline(
            threshold, color=INK if position else MUTED, linewidth=1.3, linestyle="-" if position else ":"
        )
        # Names of two near thresholds stand on two lines, so that they never cover each other.
        axes.annotate(
            name,
            (threshold, 1.0),
            xytext=(3 if threshold < 0.85 else -3, 3 + 11 * position),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if threshold < 0.85 else "right",
            fontsize=8.5,
        )
    axes.set_xlabel(t("evaluation.plots.threshold"))
    axes.set_ylabel(t("evaluation.plots.share"))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
