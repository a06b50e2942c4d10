"""The HTML report: one run's evaluation as one self-contained HTML file, in English or Spanish."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from neumo.core.files import require_writable
from neumo.core.findings import FINDINGS
from neumo.evaluation.metrics.missed_pneumonias import clearest_missed, missed_pneumonias
from neumo.evaluation.report.page import flat, inline_figure, write_page
from neumo.evaluation.report.run_content import Case, ReportContent
from neumo.evaluation.report.run_figures import run_figures
from neumo.evaluation.report.sentences import missed_sentence, operating_sentences
from neumo.evaluation.subgroups.age import UNKNOWN
from neumo.evaluation.subgroups.values import SUBGROUP_METRICS, SubgroupReport
from neumo.evaluation.values import Estimate
from neumo.explain.alarms import rim_shares
from neumo.explain.overlay import heat_colours, overlay
from neumo.texts.catalogue import Texts, percent, texts
from neumo.texts.language import Language
from neumo.texts.pages import picture_uri

_MISSED_LISTED = 20
_HEADLINES = ("accuracy", "macro_f1", "auroc_normal_vs_pneumonia", "auroc_bacterial_vs_viral")
_OF_DECISION = ("sensitivity", "specificity")
_PICTURE_SIDE = 320
_MUCH_AT_THE_EDGE = 0.5
"""Share of a heat map in the outer tenth (36 % of the area) from which the reader is told to look for a shortcut."""


def write_report(
    content: ReportContent,
    target: Path,
    lang: Language = "en",
    figures: Mapping[str, Figure] | None = None,
) -> None:
    """Write the report, all of it or nothing. The file loads nothing from elsewhere.

    Parameters
    ----------
    content : ReportContent
    target : Path
        An .html file; parents are made.
    lang : str
        "en" or "es".
    figures : mapping of str to Figure, optional
        Those of `run_figures` in this language, where they were drawn already.

    Raises
    ------
    ConfigError
        Another language.
    OutputError
        The file cannot be written; told before anything is drawn.
    """
    require_writable(target)
    t = texts(lang)
    evaluation = content.evaluation
    thresholds = [decision.operating_point.threshold for decision in evaluation.decisions]
    listed = clearest_missed(content.predictions, thresholds[-1], _MISSED_LISTED)
    write_page(
        "report.html.j2",
        target,
        lang,
        content=content,
        evaluation=evaluation,
        findings=FINDINGS,
        synthetic=evaluation.synthetic,
        title=content.title,
        headlines=_headlines(content),
        figures=_inline(figures or _drawn(content, lang), lang),
        missed=missed_pneumonias(
            content.predictions, thresholds, resamples=evaluation.resamples, seed=evaluation.seed
        ),
        missed_sentence=missed_sentence(evaluation, lang),
        missed_list=[_prediction_row(content, int(i)) for i in listed],
        row_shares=_row_shares(content),
        operating=operating_sentences(evaluation, lang),
        reading=content.reading.words(lang) if content.reading is not None else "",
        galleries=list(_galleries(content.cases, t)),
        heat_stops=_heat_stops(),
        groups=[_subgroup_view(report, t) for report in content.subgroups],
        subgroup_metrics=SUBGROUP_METRICS,
        config=list(flat(content.config, lang)),
        environment=list(flat(content.environment, lang)),
    )


def _headlines(content: ReportContent) -> list[tuple[str, Estimate, bool]]:
    """Name, metric, and whether it depends on the operating point in force."""
    decision = content.evaluation.decisions[-1]
    ranked = [(name, content.evaluation.overall[name], False) for name in _HEADLINES]
    return [*ranked, *((name, getattr(decision, name), True) for name in _OF_DECISION)]


def _drawn(content: ReportContent, lang: Language) -> Mapping[str, Figure]:
    return run_figures(
        content.predictions,
        content.evaluation,
        history=content.history,
        best_epoch=content.best_epoch,
        lang=lang,
    )


def _inline(figures: Mapping[str, Figure], lang: Language) -> dict[str, Markup]:
    t = texts(lang)
    hint = t("evaluation.page.alt_hint")
    return {
        name: inline_figure(figure, name, f"{t(f'evaluation.alts.{name}')} {hint}")
        for name, figure in figures.items()
    }


def _prediction_row(content: ReportContent, position: int) -> dict[str, Any]:
    predictions = content.predictions
    return {
        "path": predictions.paths[position],
        "patient": predictions.patients[position],
        "truth": FINDINGS[predictions.truth[position]],
        "chances": [float(predictions.pneumonia[position]), *map(float, predictions.probabilities[position])],
    }


def _row_shares(content: ReportContent) -> list[list[float]]:
    """Confusion as shares of the true class; NaN where a finding has no image."""
    confusion = content.evaluation.confusion.astype(np.float64)
    totals = confusion.sum(axis=1, keepdims=True)
    shares: list[list[float]] = np.divide(
        confusion, totals, out=np.full(confusion.shape, np.nan), where=totals > 0
    ).tolist()
    return shares


def _galleries(cases: tuple[Case, ...], t: Texts) -> Iterator[dict[str, Any]]:
    """Cases by truth, wrong ones before right ones and missed pneumonias before all."""
    ordered = sorted(cases, key=lambda case: (case.truth.index, case.is_right, not case.is_missed))
    for truth, of_truth in groupby(ordered, key=lambda case: case.truth):
        groups = [
            (
                t("evaluation.cases.right" if is_right else "evaluation.cases.wrong"),
                [_case_view(case, t) for case in group],
            )
            for is_right, group in groupby(of_truth, key=lambda case: case.is_right)
        ]
        yield {"truth": truth, "groups": groups}


def _case_view(case: Case, t: Texts) -> dict[str, Any]:
    kind = "missed" if case.is_missed else "right" if case.is_right else "wrong"
    edge = rim_shares(case.heat)[0] if case.heat is not None else 0.0
    return {
        "case": case,
        "kind": kind,
        "badge": t(f"evaluation.cases.{kind}_badge"),
        "radiograph": picture_uri(case.pixels, _PICTURE_SIDE),
        "overlay": picture_uri(overlay(case.pixels, case.heat), _PICTURE_SIDE)
        if case.heat is not None
        else None,
        "edge": percent(edge, 0) if edge > _MUCH_AT_THE_EDGE else None,
    }


def _heat_stops() -> str:
    """Colours of the heat map's legend, as stops of a CSS gradient."""
    return ", ".join("#{:02x}{:02x}{:02x}".format(*colour) for colour in heat_colours()[::51])


def _subgroup_view(report: SubgroupReport, t: Texts) -> dict[str, Any]:
    def shown(name: str) -> str:
        return t("evaluation.names.unknown") if name == UNKNOWN else name

    return {
        "report": report,
        "column": t.find(f"evaluation.names.columns.{report.column}", report.column),
        "names": {group.name: shown(group.name) for group in report.groups},
        "small": [shown(group.name) for group in report.groups if not group.judgeable],
    }
