"""Figures of a comparison of runs: metrics by run, paired differences, changes of the confusion matrix."""

from textwrap import fill

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neumo.core.findings import FINDINGS
from neumo.evaluation.comparison.values import COMPARED, Comparison, Pair, differs
from neumo.evaluation.metrics.classification import class_key
from neumo.evaluation.report.confusion_figure import frame_cells, paint_cells
from neumo.evaluation.report.figure_style import BETTER, INK, MUTED, TRAIN, WORSE, new_figure, styled
from neumo.evaluation.values import Estimate
from neumo.texts.catalogue import texts
from neumo.texts.language import Language

_BY_RUN = ("accuracy", "macro_f1", *(class_key("recall", finding) for finding in FINDINGS))
_TITLE_WIDTH = 24
"""Letters in a line of a panel's title."""
_CHANGE = LinearSegmentedColormap.from_list("change", ["#e08a4a", "#f4efe8", "#6aa9d6"])


_MIN_REACH = 0.01
"""Half the width of the forest plot where two runs answer alike and every difference is 0."""


def comparison_figures(comparison: Comparison, *, lang: Language = "en") -> dict[str, Figure]:
    """Draw every figure of a comparison, by file name: by_run, then forest_N and change_N of each pair."""
    figures = {"by_run": metrics_by_run(comparison, lang=lang)}
    for number, pair in enumerate(comparison.pairs, start=1):
        figures[f"forest_{number}"] = forest(pair, lang=lang)
        figures[f"change_{number}"] = confusion_change(pair, lang=lang)
    return figures


@styled
def metrics_by_run(comparison: Comparison, *, lang: Language = "en") -> Figure:
    """Accuracy, macro F1 and the recalls of each run, each with its 95 % interval."""
    t = texts(lang)
    names = [run.name for run in comparison.runs]
    rows = np.arange(len(names))
    figure, panels = new_figure(9.2, 1.3 + 0.34 * len(names), columns=len(_BY_RUN), sharex=True, sharey=True)
    for axes, key in zip(panels, _BY_RUN, strict=True):
        estimates = [run.figures[key] for run in comparison.runs]
        values = np.array([estimate.value for estimate in estimates])
        axes.errorbar(
            values, rows, xerr=_whiskers(estimates), fmt="o", color=TRAIN, markersize=5, linewidth=1.6
        )
        axes.set_title(fill(t.label(f"terms.metrics.{key}"), _TITLE_WIDTH), fontsize=8.5)
        axes.set_yticks(rows, names)
        axes.tick_params(axis="x", labelsize=8)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


@styled
def forest(pair: Pair, *, lang: Language = "en") -> Figure:
    """Paired differences of every compared metric with their intervals; filled where the interval excludes 0."""
    t = texts(lang)
    estimates = [pair.differences[name] for name in COMPARED]
    reach = 1.15 * max(
        (abs(bound) for e in estimates for bound in (e.low, e.high) if np.isfinite(bound)), default=0.1
    )
    figure, (axes,) = new_figure(8.2, 3.9)
    axes.axvline(0.0, color=INK, linewidth=1)
    for row, estimate in enumerate(estimates):
        colour = _colour(estimate)
        axes.errorbar(
            estimate.value,
            row,
            xerr=_whiskers([estimate]),
            fmt="o",
            color=colour,
            markerfacecolor=colour if differs(estimate) else "white",
            markersize=6,
            linewidth=1.8,
        )
    axes.set_yticks(range(len(COMPARED)), [t.label(f"terms.metrics.{name}") for name in COMPARED])
    axes.set_ylim(len(COMPARED) - 0.5, -0.5)
    axes.set_xlim(-max(reach, _MIN_REACH), max(reach, _MIN_REACH))
    axes.grid(visible=False, axis="y")
    axes.set_title(t("evaluation.plots.difference", later=pair.later, earlier=pair.earlier))
    axes.set_xlabel(t("evaluation.plots.favours", later=pair.later, earlier=pair.earlier))
    return figure


def _whiskers(estimates: list[Estimate]) -> NDArray[np.float64]:
    """Distances from value to bounds, shape (2, N); 0 where there is no interval, and never below 0."""
    reaches = np.array([[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]])
    whiskers: NDArray[np.float64] = np.maximum(np.nan_to_num(reaches), 0.0)
    return whiskers


def _colour(difference: Estimate) -> str:
    if not differs(difference):
        return MUTED
    return BETTER if difference.value > 0 else WORSE


@styled
def confusion_change(pair: Pair, *, lang: Language = "en") -> Figure:
    """Change of each cell of the confusion matrix; blue is better, orange worse, bold where the interval excludes 0."""
    t = texts(lang)
    names = [t.label(f"terms.findings.{finding}").replace(" ", "\n") for finding in FINDINGS]
    changes = np.array([cell.change.value for cell in pair.cells]).reshape(len(FINDINGS), len(FINDINGS))
    gains = np.where(np.eye(len(FINDINGS), dtype=bool), changes, -changes)
    reach = max(1.0, float(np.abs(gains).max()))
    figure, (axes,) = new_figure(5.4, 4.5)
    paint_cells(axes, gains, _CHANGE, Normalize(-reach, reach))
    for position, cell in enumerate(pair.cells):
        row, column = divmod(position, len(FINDINGS))
        weight = "bold" if differs(cell.change) else "normal"
        change = signed_count(cell.change.value)
        axes.text(
            column, row - 0.07, change, ha="center", va="center", color="#14202b", fontsize=15, weight=weight
        )
        counts = f"{cell.earlier} → {cell.later}"
        axes.text(column, row + 0.22, counts, ha="center", va="center", color="#14202b", fontsize=9)
    frame_cells(axes, names)
    axes.set_title(t("evaluation.plots.change", earlier=pair.earlier, later=pair.later))
    axes.set_xlabel(t.label("evaluation.names.decision"))
    axes.set_ylabel(t.label("evaluation.names.truth"))
    return figure


def signed_count(change: float) -> str:
    """Write a change in images with its sign, "0" where there is none."""
    return f"{change:+.0f}".replace("-", "−") if round(change) else "0"
