"""A comparison of runs as one self-contained HTML file, in English or Spanish."""

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from neumo.core.files import require_writable
from neumo.evaluation.comparison.figures import comparison_figures, signed_count
from neumo.evaluation.comparison.sentences import conclusion
from neumo.evaluation.comparison.values import COMPARED, Comparison, Pair, differs
from neumo.evaluation.metrics.classification import OVERALL
from neumo.evaluation.report.page import inline_figure, write_page
from neumo.evaluation.values import Estimate
from neumo.texts.catalogue import Texts, texts
from neumo.texts.language import Language

_SHOWN = (*OVERALL, *(name for name in COMPARED if name not in OVERALL))
_MIN_P = 0.001


def write_comparison_report(comparison: Comparison, target: Path, lang: Language = "en") -> None:
    """Write the comparison, all of it or nothing. The file loads nothing from elsewhere.

    Parameters
    ----------
    comparison : Comparison
    target : Path
        An .html file; parents are made.
    lang : str
        "en" or "es".

    Raises
    ------
    ConfigError
        Another language.
    OutputError
        The file cannot be written; told before anything is drawn.
    """
    require_writable(target)
    t = texts(lang)
    figures = comparison_figures(comparison, lang=lang)
    write_page(
        "comparison.html.j2",
        target,
        lang,
        is_shown=differs,
        difference=_difference,
        count_change=_count_change,
        p_value=_p_value,
        comparison=comparison,
        synthetic=comparison.synthetic,
        title=t("evaluation.comparison.title", count=len(comparison.runs)),
        conclusion=conclusion(comparison, lang).split("\n\n"),
        figures={
            "by_run": inline_figure(figures["by_run"], "by_run", t("evaluation.comparison.alts.by_run"))
        },
        shown=_SHOWN,
        pairs=[_pair_view(pair, number, figures, t) for number, pair in enumerate(comparison.pairs, start=1)],
    )


def _pair_view(pair: Pair, number: int, figures: dict[str, Any], t: Texts) -> dict[str, Any]:
    names = {"earlier": pair.earlier, "later": pair.later}
    errors = sorted((cell for cell in pair.cells if cell.is_error), key=lambda cell: -abs(cell.change.value))
    drawn = {
        kind: inline_figure(
            figures[f"{kind}_{number}"], f"{kind}_{number}", t(f"evaluation.comparison.alts.{kind}", **names)
        )
        for kind in ("forest", "change")
    }
    return drawn | {
        "pair": pair,
        "anchor": f"pair-{number}",
        "title": t("evaluation.comparison.pair", **names),
        "fell": [cell for cell in errors if cell.change.value < 0],
        "rose": [cell for cell in errors if cell.change.value > 0],
    }


def _difference(value: Estimate) -> Markup:
    shown, low, high = (f"{part:+.3f}".replace("-", "−") for part in (value.value, value.low, value.high))
    if not np.isfinite(value.low):
        return Markup("{}").format(shown if np.isfinite(value.value) else "–")
    return Markup('{} <span class="ci">({} … {})</span>').format(shown, low, high)


def _count_change(change: Estimate) -> Markup:
    if not np.isfinite(change.low):
        return Markup("{}").format(signed_count(change.value))
    low, high = signed_count(change.low), signed_count(change.high)
    return Markup('{} <span class="ci">({} … {})</span>').format(signed_count(change.value), low, high)


def _p_value(p: float) -> str:
    return f"<\N{NO-BREAK SPACE}{_MIN_P}" if p < _MIN_P else f"{p:.3f}"
