"""Figure of the checks of heat maps: curves of deletion and insertion, likeness, place."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neumo.evaluation.explanations.checks import MAX_CORRELATION, MIN_INSIDE
from neumo.evaluation.explanations.deletion_insertion import STEPS, Curves
from neumo.evaluation.report.figure_style import MUTED, TRAIN, VALIDATION, new_figure, styled, unit_axes

Floats = NDArray[np.float64]


@styled
def explanation_figure(
    curves: Sequence[Curves], measured: Mapping[str, Floats], *, field_area: float
) -> Figure:
    """Draw mean curves, and how the images spread in likeness to shuffled weights and in place.

    Parameters
    ----------
    curves : sequence of Curves
        One an image, at least one.
    measured : mapping of str to ndarray of float64, shape (N,)
        "randomised_correlation" and "share_inside", as for `check_explanations`.
    field_area : float
        Share of the image that the thorax takes, drawn as what an even map would have.
    """
    figure, (deletion, insertion, likeness, place) = new_figure(9, 6.4, 2, 2)
    _draw_curves(deletion, [c.deletion for c in curves], [c.random_deletion for c in curves])
    deletion.set(title="Deletion (lower is better)", xlabel="share of blocks taken out")
    _draw_curves(insertion, [c.insertion for c in curves], [c.random_insertion for c in curves])
    insertion.set(title="Insertion (higher is better)", xlabel="share of blocks put in")
    deletion.set_ylabel("probability of the called finding")
    _draw_spread(likeness, measured["randomised_correlation"], MAX_CORRELATION, "limit of the mean")
    likeness.set(title="Likeness to shuffled weights", xlabel="rank correlation, without its sign")
    likeness.set_ylabel("images")
    _draw_spread(place, measured["share_inside"], MIN_INSIDE, "counted as outside below")
    place.axvline(field_area, color=MUTED, linestyle=":", label="an even map")
    place.set(title="Place", xlabel="share of the map on the thorax")
    for axis in (deletion, likeness, place):
        axis.legend(loc="best", fontsize=8, labelcolor=MUTED)
    return figure


def _draw_curves(axis: Axes, by_map: Sequence[Floats], by_chance: Sequence[Floats]) -> None:
    share = np.linspace(0, 1, STEPS + 1)
    axis.plot(share, np.mean(by_map, axis=0), color=TRAIN, marker="o", markersize=4, label="order of the map")
    axis.plot(
        share,
        np.mean(by_chance, axis=0),
        color=VALIDATION,
        marker="s",
        markersize=4,
        linestyle="--",
        label="random order",
    )
    unit_axes(axis, square=False)


def _draw_spread(axis: Axes, values: Floats, limit: float, words: str) -> None:
    axis.hist(values[~np.isnan(values)], bins=np.linspace(0, 1, 21).tolist(), color=TRAIN, alpha=0.8)
    axis.axvline(limit, color=VALIDATION, linestyle="--", label=words)
