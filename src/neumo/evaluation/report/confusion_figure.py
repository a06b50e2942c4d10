"""The confusion matrix as a figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neumo.core.findings import FINDINGS
from neumo.evaluation.report.figure_style import new_figure, styled
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import Language

_COUNTS = LinearSegmentedColormap.from_list("counts", ["#eef4fa", "#9dc3e2", "#084a7a"])
_DARK = 0.8
"""Share from which white reads better than black on its colour; both then have a contrast of about 4.5 or more."""


@styled
def confusion_matrix(confusion: NDArray[np.int64], *, lang: Language = "en") -> Figure:
    """Draw counts with the share of each true class (recall on the diagonal).

    Parameters
    ----------
    confusion : ndarray of int64, shape (3, 3)
        Rows truth, columns decision, in the order of FINDINGS.
    lang : str
    """
    t = texts(lang)
    names = [t.label(f"terms.findings.{finding}").replace(" ", "\n") for finding in FINDINGS]
    of_truth = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(confusion, of_truth, out=np.zeros(confusion.shape), where=of_truth > 0)
    figure, (axes,) = new_figure(5.4, 4.5)
    paint_cells(axes, shares, _COUNTS, Normalize(0.0, 1.0))
    for (row, column), count in np.ndenumerate(confusion):
        colour = "#ffffff" if shares[row, column] > _DARK else "#000000"
        axes.text(
            column, row - 0.07, f"{count}", ha="center", va="center", color=colour, fontsize=15, weight="bold"
        )
        axes.text(
            column,
            row + 0.22,
            percent(shares[row, column]),
            ha="center",
            va="center",
            color=colour,
            fontsize=9,
        )
    frame_cells(axes, names)
    axes.set_title(t("evaluation.plots.confusion"))
    axes.set_xlabel(t.label("evaluation.names.decision"))
    axes.set_ylabel(t.label("evaluation.names.truth"))
    return figure


def paint_cells(
    axes: Axes, values: NDArray[np.float64], colours: LinearSegmentedColormap, scale: Normalize
) -> None:
    """Paint a matrix with its first row on top, its cells parted by white lines."""
    edges = np.arange(len(values) + 1) - 0.5
    axes.pcolormesh(edges, edges, values, cmap=colours, norm=scale, edgecolors="white", linewidth=2.5)
    axes.set_aspect("equal")
    axes.invert_yaxis()


def frame_cells(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows and columns of a matrix, and leave out the lines that a plot of curves needs."""
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
