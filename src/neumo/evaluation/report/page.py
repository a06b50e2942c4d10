"""Self-contained HTML pages: styles, figures and pictures are inlined."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from neumo.core.files import write_text
from neumo.evaluation.report.figure_style import GRID, INK, MUTED, figure_svg
from neumo.evaluation.values import Estimate
from neumo.texts.catalogue import Texts, texts
from neumo.texts.language import Language
from neumo.texts.pages import render

_PAGE_COLOURS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--line)"}
_PIXELS_PER_INCH = 100


def write_page(template: str, target: Path, lang: Language, **values: Any) -> None:
    """Fill a template and write it atomically; nothing is written where filling fails.

    Parameters
    ----------
    template : str
        File name in the templates folder of `neumo.texts`.
    target : Path
    lang : str
        "en" or "es".
    values
        What the template names, besides `estimate` and `finding_name`, which write a metric and a finding.

    Raises
    ------
    ConfigError
        Another language.
    OutputError
        The file cannot be written.
    """
    t = texts(lang)
    not_measurable = t("evaluation.page.not_measurable")
    page = render(
        template,
        lang,
        estimate=lambda value: format_estimate(value, not_measurable),
        finding_name=lambda finding: t.label(f"terms.findings.{finding}"),
        **values,
    )
    write_text(target, page)


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


def flat(values: Mapping[str, Any], lang: Language, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested settings as rows for people, with dotted keys: ("data.image_size", "224")."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from flat(value, lang, f"{name}.")
        else:
            yield name, _plain(value, texts(lang))


def _plain(value: Any, t: Texts) -> str:
    if value is None or value == "" or (isinstance(value, Mapping | list | tuple) and not value):
        return "–"
    if isinstance(value, bool):
        return t("terms.yes" if value else "terms.no")
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item, t) for item in value)
    return str(value)
