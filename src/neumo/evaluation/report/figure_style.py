"""The style of every figure, and saving figures to files: the same input gives the same bytes."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from neumo.core.files import replacing
from neumo.core.findings import Finding
from neumo.evaluation.values import Estimate

INK, MUTED, GRID = "#1c2630", "#5b6875", "#d9dfe5"
"""Text, secondary text and grid; the HTML page replaces them with its own in dark mode."""

TRAIN, VALIDATION = "#0b72b5", "#d2600f"
BETTER, WORSE = "#0b72b5", "#d2600f"
"""Blue and orange: told apart with every common kind of colour blindness."""

FINDING_COLOURS: Mapping[Finding, str] = MappingProxyType(
    {
        Finding.NORMAL: "#12936b",
        Finding.BACTERIAL_PNEUMONIA: "#d2600f",
        Finding.VIRAL_PNEUMONIA: "#4a86d8",
    }
)
PNEUMONIA_COLOUR = "#a05fb4"

DASHES: Mapping[Finding, Any] = MappingProxyType(
    {Finding.NORMAL: "-", Finding.BACTERIAL_PNEUMONIA: (0, (6, 2)), Finding.VIRAL_PNEUMONIA: (0, (2, 1.5))}
)
"""Dashes tell curves apart where colours cannot: in grey printing, for colour-blind readers."""

P = ParamSpec("P")

PNG_DPI = 150

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "neumo",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorate a function that draws a figure: it has the project's design, and the caller's settings stay.

    The layout is fixed once, here; each saving would move it by a hair and so change the bytes.
    """

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(STYLE):
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            return figure

    return drawn


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **grid: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure of `width` x `height` inches on a white ground, and its axes row by row.

    The figure belongs to no window and to no global list, so that nothing must close it.
    """
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **grid)
    return figure, [axis for row in axes for axis in row]


def unit_axes(axes: Axes, *, square: bool = True) -> None:
    """Let both axes run from 0 to 1, with a little room so that lines on the edge stay whole."""
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    if square:
        axes.set_aspect("equal")


def with_area(name: str, area: Estimate) -> str:
    """Write the name of a curve with its area, and the interval where there is one."""
    figure = str(area).replace("-", "–") if np.isfinite(area.low) else f"{area.value:.3f}"
    return f"{name}: {figure}"


@mpl.rc_context(STYLE)
def figure_svg(figure: Figure) -> str:
    """Return the figure as SVG text without a date; its words stay text, which readers can search and enlarge."""
    buffer = io.StringIO()
    ground = figure.get_facecolor()
    figure.set_facecolor("none")
    _print_svg(figure, buffer)
    figure.set_facecolor(ground)
    return buffer.getvalue()


@mpl.rc_context(STYLE)
def save_figures(figures: Mapping[str, Figure], folder: Path) -> tuple[Path, ...]:
    """Write each figure as NAME.png (150 dpi) and NAME.svg, each atomically.

    Parameters
    ----------
    figures : mapping of str to Figure
        By file name without its ending.
    folder : Path
        Made where it is missing.

    Returns
    -------
    tuple of Path
        The files, in the order in which they were written.

    Raises
    ------
    OutputError
        The folder or a file cannot be written.
    """
    written = []
    for name, figure in figures.items():
        for ending, print_figure in (("png", _print_png), ("svg", _print_svg)):
            target = folder / f"{name}.{ending}"
            with replacing(target) as temporary:
                print_figure(figure, temporary)
            written.append(target)
    return tuple(written)


# `Figure.savefig` would draw twice: once more to lay out, which `styled` did already.


def _print_png(figure: Figure, target: Path) -> None:
    with _resolution(figure, PNG_DPI):
        FigureCanvasAgg(figure).print_png(target, metadata={"Software": None})  # type: ignore[no-untyped-call]


def _print_svg(figure: Figure, target: Path | io.StringIO) -> None:
    with _resolution(figure, figure.get_dpi()):  # which printing changes
        FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]


@contextmanager
def _resolution(figure: Figure, dpi: float) -> Iterator[None]:
    before = figure.get_dpi()
    figure.set_dpi(dpi)
    try:
        yield
    finally:
        figure.set_dpi(before)
