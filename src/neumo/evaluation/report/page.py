"""Self-contained HTML pages: styles, figures and pictures are inlined."""

import base64
import io
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from neumo.core.files import write_text
from neumo.evaluation.report.figure_style import GRID, INK, MUTED, figure_svg
from neumo.evaluation.report.texts import finding_name, report_texts
from neumo.evaluation.values import Estimate

_PAGE_COLOURS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--line)"}
_PIXELS_PER_INCH = 100
_NO_FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType({})
_PICTURE_SIDE = 320
_JPEG_QUALITY = 85


def write_page(
    template: str,
    target: Path,
    lang: str,
    *,
    filters: Mapping[str, Callable[..., Any]] = _NO_FILTERS,
    **values: Any,
) -> None:
    """Fill a template and write it atomically; nothing is written where filling fails.

    Parameters
    ----------
    template : str
        File name in this room's templates folder.
    target : Path
    lang : str
        "en" or "es".
    filters : mapping of str to callable
        The template's own, besides `estimate` and `finding`.
    values
        What the template names, besides `t` (the words of the language), `lang` and `style`.

    Raises
    ------
    EvaluationError
        Another language.
    OutputError
        The file cannot be written.
    """
    words = report_texts(lang)
    environment = _environment()
    environment.filters["estimate"] = lambda value: format_estimate(value, words["page"]["not_measurable"])
    environment.filters |= filters
    environment.filters["finding"] = lambda finding: finding_name(finding, lang)
    style = (files("neumo.evaluation.report") / "templates" / "page.css").read_text(encoding="utf-8")
    page = environment.get_template(template).render(t=words, lang=lang, style=Markup(style), **values)
    write_text(target, page)


def _environment() -> Environment:
    loader = PackageLoader("neumo.evaluation.report", "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def format_estimate(value: Estimate, not_measurable: str) -> Markup:
    """Write a metric with three decimals, and its interval where there is one."""
    if not np.isfinite(value.value):
        return Markup('<span class="ci">{}</span>').format(not_measurable)
    if not np.isfinite(value.low):
        return Markup("{}").format(_decimals(value.value))
    return Markup('{} <span class="ci">({}–{})</span>').format(
        *map(_decimals, (value.value, value.low, value.high))
    )


def _decimals(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def inline_figure(figure: Figure, name: str, alt: str) -> Markup:
    """Return a figure as inline SVG whose ink follows the page's light or dark colours.

    Parameters
    ----------
    figure : Figure
    name : str
        Unique on the page; keeps the identifiers of several figures apart.
    alt : str
        What a reader who cannot see the figure is told.
    """
    drawing = figure_svg(figure)
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = (
        re.sub(r'\s(xmlns(:\w+)?|width|height|version)="[^"]*"', "", drawing[: drawing.index(">")])
        + (drawing[drawing.index(">") :])
    )
    drawing = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", drawing)
    for printed, on_page in _PAGE_COLOURS.items():
        drawing = drawing.replace(printed, on_page)
    widest = round(figure.get_figwidth() * _PIXELS_PER_INCH)
    label = f'<svg role="img" aria-label="{escape(alt, quote=True)}" style="max-width:{widest}px"'
    return Markup(drawing.replace("<svg", label, 1))


def picture_uri(pixels: NDArray[np.uint8]) -> str:
    """Return a picture, grey (height, width) or RGB (height, width, 3), as JPEG data URI of at most 320 px a side."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=_JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def flat(values: Mapping[str, Any], lang: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested settings as rows for people, with dotted keys: ("data.image_size", "224")."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from flat(value, lang, f"{name}.")
        else:
            yield name, _plain(value, report_texts(lang)["page"])


def _plain(value: Any, words: Mapping[str, str]) -> str:
    if value is None or value == "" or (isinstance(value, Mapping | list | tuple) and not value):
        return "–"
    if isinstance(value, bool):
        return words["yes_word"] if value else words["no_word"]
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item, words) for item in value)
    return str(value)
