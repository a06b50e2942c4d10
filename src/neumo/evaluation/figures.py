"""Figures of one judged run. Each function returns a Figure; `save_figures` writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.calibration import reliability_bins
from neumo.evaluation.figure_style import (
    DASHES,
    FINDING_COLOURS,
    GRID,
    INK,
    MUTED,
    PNEUMONIA_COLOUR,
    TRAIN,
    VALIDATION,
    new_figure,
    save_figures,
    styled,
    unit_axes,
)
from neumo.evaluation.judgement import Estimate, Judgement
from neumo.evaluation.metrics import bacterial_share
from neumo.evaluation.operating_point import trade_off
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.report_texts import figure_texts, finding_name

__all__ = [
    "confusion_matrix",
    "learning_curves",
    "operating_trade_off",
    "precision_recall",
    "reliability",
    "roc",
    "run_figures",
    "save_figures",
]

Epochs = Sequence[Mapping[str, Any]]
"""One mapping an epoch: epoch, train_loss, val_loss, train_accuracy, val_accuracy, learning_rate."""

_COUNTS = LinearSegmentedColormap.from_list("counts", ["#eef4fa", "#9dc3e2", "#0b5c94"])
_THRESHOLDS = np.linspace(0.0, 1.0, 201)


def run_figures(
    predictions: Predictions,
    judgement: Judgement,
    *,
    history: Epochs = (),
    best_epoch: int | None = None,
    lang: str = "en",
) -> dict[str, Figure]:
    """Draw every figure of a run, by file name; no learning curves where `history` is empty.

    Raises
    ------
    EvaluationError
        Another language than "en" or "es".
    """
    curves = {"learning_curves": learning_curves(history, best_epoch, lang=lang)} if history else {}
    return curves | {
        "confusion_matrix": confusion_matrix(judgement.confusion, lang=lang),
        "roc": roc(predictions, judgement, lang=lang),
        "precision_recall": precision_recall(predictions, judgement, lang=lang),
        "reliability": reliability(predictions, judgement, lang=lang),
        "trade_off": operating_trade_off(predictions, judgement, lang=lang),
    }


@styled
def learning_curves(history: Epochs, best_epoch: int | None = None, *, lang: str = "en") -> Figure:
    """Loss and accuracy by epoch, training beside validation, with the best epoch and learning-rate steps.

    Parameters
    ----------
    history : sequence of mappings
        Missing columns and missing values leave gaps.
    best_epoch : int, optional
        Marked where given.
    lang : str
    """
    words = figure_texts(lang)
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
            label=words["train"],
        )
        axes.plot(
            epochs,
            _column(history, f"val_{name}"),
            color=VALIDATION,
            linestyle=(0, (5, 1.5)),
            marker="s",
            markersize=3,
            label=words["validation"],
        )
        axes.set_title(words[name])
        axes.set_xlabel(words["epoch"])
        axes.xaxis.get_major_locator().set_params(integer=True)
        _mark_rate_steps(axes, epochs, _column(history, "learning_rate"))
        if best_epoch is not None:
            axes.axvline(best_epoch, color=MUTED, linewidth=1.2, linestyle=":")
    loss.set_ylim(bottom=0)
    if best_epoch is not None:
        label = words["best_epoch"].format(epoch=best_epoch)
        accuracy.plot([], [], color=MUTED, linewidth=1.2, linestyle=":", label=label)
    _label_rate_steps(accuracy, _column(history, "learning_rate"), words["learning_rate"])
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
def confusion_matrix(confusion: NDArray[np.int64], *, lang: str = "en") -> Figure:
    """Counts with the share of each true class (recall on the diagonal).

    Parameters
    ----------
    confusion : ndarray of int64, shape (3, 3)
        Rows truth, columns decision, in the order of FINDINGS.
    lang : str
    """
    words = figure_texts(lang)
    names = [finding_name(finding, lang).replace(" ", "\n") for finding in FINDINGS]
    of_truth = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(confusion, of_truth, out=np.zeros(confusion.shape), where=of_truth > 0)
    figure, (axes,) = new_figure(5.4, 4.5)
    axes.imshow(shares, cmap=_COUNTS, vmin=0.0, vmax=1.0)
    for (row, column), count in np.ndenumerate(confusion):
        colour = "#ffffff" if shares[row, column] > 0.6 else "#14202b"
        axes.text(
            column, row - 0.07, f"{count}", ha="center", va="center", color=colour, fontsize=15, weight="bold"
        )
        axes.text(
            column,
            row + 0.22,
            f"{shares[row, column]:.1%}",
            ha="center",
            va="center",
            color=colour,
            fontsize=9,
        )
    frame_cells(axes, names)
    axes.set_title(words["confusion_title"])
    axes.set_xlabel(words["decision"])
    axes.set_ylabel(words["truth"])
    return figure


def frame_cells(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows and columns of a matrix and part its cells with white lines."""
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.grid(visible=False, which="major")
    axes.grid(visible=True, which="minor", color="#ffffff", linewidth=2.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


@styled
def roc(predictions: Predictions, judgement: Judgement, *, lang: str = "en") -> Figure:
    """ROC curves: each finding against the others, and the two clinical questions, with AUROC and interval."""
    words = figure_texts(lang)
    figure, (by_finding, questions) = new_figure(9.2, 4.7, columns=2)
    for report in judgement.by_class:
        finding = report.finding
        _roc_curve(
            by_finding,
            predictions.truth == finding.index,
            predictions.probabilities[:, finding.index],
            label=_with_area(finding_name(finding, lang), "", report.auroc),
            color=FINDING_COLOURS[finding],
            linestyle=DASHES[finding],
        )
    sick = predictions.truth != Finding.NORMAL.index
    bacterial = predictions.truth == Finding.BACTERIAL_PNEUMONIA.index
    _roc_curve(
        questions,
        sick,
        predictions.pneumonia,
        label=_with_area(words["normal_vs_pneumonia"], "", judgement.overall["auroc_normal_vs_pneumonia"]),
        color=PNEUMONIA_COLOUR,
    )
    _roc_curve(
        questions,
        bacterial[sick],
        bacterial_share(predictions.probabilities)[sick],
        label=_with_area(words["bacterial_vs_viral"], "", judgement.overall["auroc_bacterial_vs_viral"]),
        color=FINDING_COLOURS[Finding.BACTERIAL_PNEUMONIA],
        linestyle=DASHES[Finding.BACTERIAL_PNEUMONIA],
    )
    for axes, title in ((by_finding, words["roc_by_finding"]), (questions, words["roc_questions"])):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=":", label=words["chance"])
        unit_axes(axes)
        axes.set_title(title)
        axes.set_xlabel(words["false_positive_rate"])
        axes.set_ylabel(words["true_positive_rate"])
        axes.legend(loc="lower right", title="AUROC", title_fontsize=9, alignment="left")
    return figure


def _roc_curve(axes: Axes, positive: NDArray[np.bool_], score: NDArray[np.float64], **line: Any) -> None:
    if positive.any() and not positive.all():
        false_alarms, found, _ = roc_curve(positive, score)
        axes.plot(false_alarms, found, **line)


def _with_area(name: str, kind: str, area: Estimate) -> str:
    return (
        f"{name}: {kind}{area}".replace("-", "–")
        if np.isfinite(area.low)
        else f"{name}: {kind}{area.value:.3f}"
    )


@styled
def precision_recall(predictions: Predictions, judgement: Judgement, *, lang: str = "en") -> Figure:
    """Precision-recall curve of each finding, with its average precision and the share of images it has."""
    words = figure_texts(lang)
    figure, panels = new_figure(9.2, 3.7, columns=3, sharey=True)
    for axes, report in zip(panels, judgement.by_class, strict=True):
        finding, colour = report.finding, FINDING_COLOURS[report.finding]
        positive = predictions.truth == finding.index
        if positive.any():
            score = predictions.probabilities[:, finding.index]
            precision, recall, _ = precision_recall_curve(positive, score, drop_intermediate=True)
            axes.step(recall, precision, where="post", color=colour)
            axes.fill_between(recall, precision, step="post", color=colour, alpha=0.12, linewidth=0)
        share = float(positive.mean())
        axes.axhline(share, color=MUTED, linewidth=1, linestyle=":")
        note = f"{_with_area(words['average_precision'], '', report.average_precision)}\n"
        axes.text(0.04, 0.05, note + words["prevalence"].format(share=share), fontsize=8.5, color=INK)
        unit_axes(axes)
        axes.set_title(finding_name(finding, lang))
        axes.set_xlabel(words["recall"])
    panels[0].set_ylabel(words["precision"])
    return figure


@styled
def reliability(predictions: Predictions, judgement: Judgement, *, lang: str = "en") -> Figure:
    """Share of right decisions against confidence in 15 bins (Guo et al., ICML 2017), with counts below."""
    words = figure_texts(lang)
    bins = [b for b in reliability_bins(predictions.truth, predictions.probabilities) if b.count]
    confidence, accuracy = [b.confidence for b in bins], [b.accuracy for b in bins]
    counts = np.array([b.count for b in bins])
    figure, (diagram, histogram) = new_figure(5.4, 5.4, rows=2, height_ratios=[3.4, 1], sharex=True)
    diagram.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=":", label=words["perfect"])
    diagram.vlines(confidence, confidence, accuracy, color=VALIDATION, linewidth=1.6, alpha=0.7)
    diagram.plot(confidence, accuracy, color=TRAIN, linewidth=1.2)
    diagram.scatter(confidence, accuracy, s=18 + 130 * counts / counts.max(), color=TRAIN, zorder=3)
    unit_axes(diagram, square=False)
    diagram.set_title(words["reliability_title"])
    diagram.set_ylabel(words["share_right"])
    diagram.legend(
        loc="upper left",
        title=_with_area("ECE", "", judgement.overall["expected_calibration_error"]),
        alignment="left",
    )
    histogram.bar(
        [b.low for b in bins], counts, [b.high - b.low for b in bins], align="edge", color=TRAIN, alpha=0.75
    )
    histogram.set_xlabel(words["confidence"])
    histogram.set_ylabel(words["images"])
    return figure


@styled
def operating_trade_off(predictions: Predictions, judgement: Judgement, *, lang: str = "en") -> Figure:
    """Sensitivity, specificity, PPV and NPV against the threshold, with the operating points marked."""
    words = figure_texts(lang)
    rates = trade_off(predictions, _THRESHOLDS)
    figure, (axes,) = new_figure(9.2, 4.0)
    lines = (
        ("sensitivity", rates.sensitivity, PNEUMONIA_COLOUR, "-"),
        ("specificity", rates.specificity, FINDING_COLOURS[Finding.NORMAL], (0, (6, 2))),
        ("ppv", rates.ppv, VALIDATION, (0, (2, 1.5))),
        ("npv", rates.npv, FINDING_COLOURS[Finding.VIRAL_PNEUMONIA], (0, (6, 1.5, 1.5, 1.5))),
    )
    for name, values, colour, dashes in lines:
        axes.plot(rates.thresholds, values, color=colour, linestyle=dashes, label=words[name])
    unit_axes(axes, square=False)
    for position, decision in enumerate(judgement.decisions):
        threshold = decision.operating_point.threshold
        name = words["chosen_threshold" if position else "default_threshold"].format(threshold=threshold)
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
    axes.set_xlabel(words["threshold"])
    axes.set_ylabel(words["share"])
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
