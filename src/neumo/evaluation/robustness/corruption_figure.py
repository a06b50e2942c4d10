"""Figure of accuracy and refusals under corruption, one small plot a kind."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from neumo.core.evidence import MIN_READ
from neumo.evaluation.report.figure_style import MUTED, TRAIN, VALIDATION, new_figure, styled
from neumo.evaluation.robustness.accuracy_by_corruption import Cell
from neumo.evaluation.values import Estimate

_COLUMNS = 4


@styled
def corruption_figure(clean: Cell, cells: Sequence[Cell]) -> Figure:
    """Draw accuracy with its interval, and the share refused, over the strengths of every kind of corruption.

    Parameters
    ----------
    clean : Cell
        Of the images as they are, drawn as strength 0.
    cells : sequence of Cell
        Of every kind and strength.
    """
    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    rows = -(-len(kinds) // _COLUMNS)
    figure, axes = new_figure(11, 2.4 * rows, rows, _COLUMNS, sharex=True, sharey=True)
    for axis, kind in zip(axes, kinds, strict=False):
        line = [clean, *(cell for cell in cells if cell.kind == kind)]
        strengths = [cell.strength for cell in line]
        stated = [clean.accuracy, *(_accuracy(c) for c in line[1:])]
        axis.fill_between(
            strengths, [a.low for a in stated], [a.high for a in stated], color=TRAIN, alpha=0.2
        )
        axis.plot(
            strengths,
            [a.value for a in stated],
            color=TRAIN,
            marker="o",
            label="accuracy of what is read",
        )
        axis.plot(
            strengths,
            [c.refused for c in line],
            color=VALIDATION,
            marker="s",
            linestyle="--",
            label="share refused",
        )
        axis.set_title(kind.replace("_", " "))
        axis.set_ylim(-0.02, 1.02)
    for axis in axes[len(kinds) :]:
        axis.set_visible(False)
    axes[0].legend(loc="center left", fontsize=8, labelcolor=MUTED)
    figure.supxlabel("strength (0: as it is)", fontsize=10)
    return figure


def _accuracy(cell: Cell) -> Estimate:
    """Return the accuracy to draw; a gap where too few images were read."""
    read = round(cell.images * (1 - cell.refused))
    return cell.accuracy if read >= MIN_READ else Estimate(math.nan, math.nan, math.nan)
