"""ROC and precision-recall curves: how well scores put images in order, whatever the threshold."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from neumo.core.findings import Finding
from neumo.evaluation.metrics.classification import bacterial_share
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.report.figure_style import (
    DASHES,
    FINDING_COLOURS,
    INK,
    MUTED,
    PNEUMONIA_COLOUR,
    new_figure,
    styled,
    unit_axes,
    with_area,
)
from neumo.evaluation.values import Evaluation
from neumo.texts.catalogue import texts
from neumo.texts.language import Language


@styled
def roc(predictions: Predictions, evaluation: Evaluation, *, lang: Language = "en") -> Figure:
    """ROC curves: each finding against the others, and the two clinical questions, with AUROC and interval."""
    t = texts(lang)
    figure, (by_finding, questions) = new_figure(9.2, 4.7, columns=2)
    for report in evaluation.by_class:
        finding = report.finding
        _roc_curve(
            by_finding,
            predictions.truth == finding.index,
            predictions.probabilities[:, finding.index],
            label=with_area(t.label(f"terms.findings.{finding}"), report.auroc),
            color=FINDING_COLOURS[finding],
            linestyle=DASHES[finding],
        )
    sick = predictions.truth != Finding.NORMAL.index
    bacterial = predictions.truth == Finding.BACTERIAL_PNEUMONIA.index
    _roc_curve(
        questions,
        sick,
        predictions.pneumonia,
        label=with_area(
            t("evaluation.plots.normal_vs_pneumonia"), evaluation.overall["auroc_normal_vs_pneumonia"]
        ),
        color=PNEUMONIA_COLOUR,
    )
    _roc_curve(
        questions,
        bacterial[sick],
        bacterial_share(predictions.probabilities)[sick],
        label=with_area(
            t("evaluation.plots.bacterial_vs_viral"), evaluation.overall["auroc_bacterial_vs_viral"]
        ),
        color=FINDING_COLOURS[Finding.BACTERIAL_PNEUMONIA],
        linestyle=DASHES[Finding.BACTERIAL_PNEUMONIA],
    )
    for axes, title in (
        (by_finding, "evaluation.plots.roc_by_finding"),
        (questions, "evaluation.plots.roc_questions"),
    ):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=":", label=t("evaluation.plots.chance"))
        unit_axes(axes)
        axes.set_title(t(title))
        axes.set_xlabel(t("evaluation.plots.false_positive_rate"))
        axes.set_ylabel(t.label("terms.metrics.sensitivity"))
        axes.legend(loc="lower right", title="AUROC", title_fontsize=9, alignment="left")
    return figure


def _roc_curve(axes: Axes, positive: NDArray[np.bool_], score: NDArray[np.float64], **line: Any) -> None:
    if positive.any() and not positive.all():
        false_alarms, found, _ = roc_curve(positive, score)
        axes.plot(false_alarms, found, **line)


@styled
def precision_recall(predictions: Predictions, evaluation: Evaluation, *, lang: Language = "en") -> Figure:
    """Precision-recall curve of each finding, with its average precision and the share of images it has."""
    t = texts(lang)
    figure, panels = new_figure(9.2, 3.7, columns=3, sharey=True)
    for axes, report in zip(panels, evaluation.by_class, strict=True):
        finding, colour = report.finding, FINDING_COLOURS[report.finding]
        positive = predictions.truth == finding.index
        if positive.any():
            score = predictions.probabilities[:, finding.index]
            precision, recall, _ = precision_recall_curve(positive, score, drop_intermediate=True)
            axes.step(recall, precision, where="post", color=colour)
            axes.fill_between(recall, precision, step="post", color=colour, alpha=0.12, linewidth=0)
        share = float(positive.mean())
        axes.axhline(share, color=MUTED, linewidth=1, linestyle=":")
        note = f"{with_area(t('evaluation.plots.average_precision'), report.average_precision)}\n"
        axes.text(0.04, 0.05, note + t("evaluation.plots.prevalence", share=share), fontsize=8.5, color=INK)
        unit_axes(axes)
        axes.set_title(t.label(f"terms.findings.{finding}"))
        axes.set_xlabel(t.label("terms.metrics.recall"))
    panels[0].set_ylabel(t.label("terms.metrics.precision"))
    return figure
