"""Evaluations, comparisons and checks of heat maps as terminal tables."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from neumo.core.message import Message
from neumo.evaluation.comparison.values import COMPARED, Comparison, Pair, differs
from neumo.evaluation.explanations.checks import MEASURES, ExplanationChecks
from neumo.evaluation.metrics.classification import OF_DECISION
from neumo.evaluation.robustness.accuracy_by_corruption import Cell
from neumo.evaluation.robustness.corruptions import STRENGTHS
from neumo.evaluation.sources.values import METRICS, OF_PNEUMONIA, EvaluatedSource, worst_sources
from neumo.evaluation.values import Estimate, Evaluation, PneumoniaDecision
from neumo.study.evaluate_reader import EvaluatedReader
from neumo.texts.catalogue import percent
from neumo.texts.translation import headings, metric_name, said

if TYPE_CHECKING:
    from neumo.study.sweep.table import Row

_FIELDS = {"fixed": Message("a fixed field, an approximation"), "phantom": Message("as drawn")}

_RULES = {
    "default": Message("default"),
    "target-sensitivity": Message("target-sensitivity"),
    "cost-ratio": Message("cost-ratio"),
}
_PARTS = {"validation": Message("validation"), "default": Message("default")}


def evaluation_tables(evaluation: Evaluation) -> Iterator[Table]:
    """Yield overall metrics, then what each operating point does."""
    title = said(
        "{images} images of {patients} patients", images=evaluation.images, patients=evaluation.patients
    )
    overall = Table(*headings("metric", "value (95 % interval)"), title=_marked(title, evaluation.synthetic))
    for name, estimate in evaluation.overall.items():
        overall.add_row(metric_name(name), str(estimate))
    yield overall
    points = Table(said("pneumonia"), *map(_described, evaluation.decisions))
    for name in OF_DECISION:
        points.add_row(
            metric_name(name), *(str(getattr(decision, name)) for decision in evaluation.decisions)
        )
    points.add_row(said("missed"), *(str(decision.false_negatives) for decision in evaluation.decisions))
    points.add_row(
        said("false alarms"), *(str(decision.false_positives) for decision in evaluation.decisions)
    )
    yield points


def reader_tables(evaluated: EvaluatedReader) -> Iterator[Table]:
    """Yield the tables of an evaluation, then what the bundle's operating points and prediction sets do."""
    yield from evaluation_tables(evaluated.evaluation)
    points = Table(
        said("operating point"),
        *map(metric_name, OF_DECISION),
        *headings("missed", "false alarms"),
        title=said("the bundle's operating points"),
    )
    for name, decision in evaluated.operating_points.items():
        points.add_row(
            said("{name}\nfrom {threshold:.3f}", name=name, threshold=decision.operating_point.threshold),
            *(str(getattr(decision, metric)).replace(" (", "\n(") for metric in OF_DECISION),
            str(decision.false_negatives),
            str(decision.false_positives),
        )
    yield points
    sets = Table(
        *headings(
            "prediction sets", "true finding", "coverage (95 % interval)", "mean size", "single", "empty"
        )
    )
    for nominal, coverages in evaluated.coverage.items():
        for finding, coverage in coverages.items():
            sets.add_row(
                percent(nominal, 0),
                finding.value if finding else said("all"),
                f"{coverage.measured:.3f} ({coverage.low:.3f}-{coverage.high:.3f})",
                f"{coverage.mean_size:.2f}",
                f"{coverage.single:.2f}",
                f"{coverage.empty:.2f}",
            )
    yield sets


def source_tables(evaluated: Sequence[EvaluatedSource]) -> Iterator[Table]:
    """Yield the metrics of all sources side by side, the worst value of a row marked, then those of each view."""
    title = _marked(said("each source by itself"), any(one.synthetic for one in evaluated))
    table = Table("", *(one.source or said("no source") for one in evaluated), title=title)
    table.add_row(
        said("images"),
        *(
            said("{images} of {patients} patients", images=one.images, patients=one.patients)
            for one in evaluated
        ),
    )
    table.add_row(said("refused or failed"), *(_interval(one.share_refused) for one in evaluated))
    worst = worst_sources(evaluated)
    for metric in METRICS:
        if any(metric in one.figures for one in evaluated):
            cells = [
                f"[bold]{_interval(one.figures[metric])} {said('worst')}[/]"
                if worst.get(metric) == one.source
                else _interval(one.figures[metric])
                if metric in one.figures
                else "-"
                for one in evaluated
            ]
            table.add_row(metric_name(metric), *cells)
    table.caption = said("95 % intervals over patients; nothing is pooled over sources")
    yield table
    views = [(one, view, figures) for one in evaluated for view, figures in one.by_view.items()]
    if views:
        by_view = Table("", *map(metric_name, OF_PNEUMONIA), title=said("by view"))
        for one, view, figures in views:
            by_view.add_row(f"{one.source} {view}", *(_interval(figures[metric]) for metric in OF_PNEUMONIA))
        yield by_view


def sweep_table(rows: "Sequence[Row]") -> Table:
    """Return the results of a sweep as a table with one row per recipe, source and metric."""
    table = Table(*headings("recipe", "source", "metric", "seeds", "value (95 % interval)"))
    table.caption = said(
        "mean ± standard deviation over seeds, and 95 % intervals over patients; nothing is pooled over sources"
    )
    for row in rows:
        spread = "" if row.deviation is None else f" ± {row.deviation:.3f}"
        value = f"{row.mean:.3f}{spread} ({row.low:.3f}-{row.high:.3f})"
        source = row.source or said("no source")
        table.add_row(row.recipe, source, metric_name(row.metric), str(len(row.seeds)), value)
    return table


def _marked(title: str, synthetic: bool) -> str:
    return said("SYNTHETIC PHANTOMS: {title}", title=title) if synthetic else title


def _interval(estimate: Estimate) -> str:
    return str(estimate).replace(" (", "\n(")


def corruption_table(cells: Sequence[Cell]) -> Table:
    """Return accuracy and refusals of corrupted images, one row a kind."""
    table = Table(title=said("accuracy (share refused), by strength of the corruption"))
    table.add_column(said("corruption"), no_wrap=True)
    for strength in STRENGTHS:
        table.add_column(str(strength))
    clean, *corrupted = cells
    table.add_row(said("none"), f"{clean.accuracy.value:.2f} ({clean.refused:.2f})")
    for kind in dict.fromkeys(cell.kind for cell in corrupted):
        row = (f"{c.accuracy.value:.2f} ({c.refused:.2f})" for c in corrupted if c.kind == kind)
        table.add_row(kind.replace("_", " "), *row)
    return table


def explanation_tables(checks: ExplanationChecks) -> Iterator[Table]:
    """Yield what was measured on heat maps with intervals, then the verdicts."""
    measured = Table(*headings("heat maps", "mean (95 % interval)"))
    measured.caption = said(
        "{images} images, {patients} patients; thorax: {field}, {area:.0%} of the image",
        images=checks.images,
        patients=checks.patients,
        field=_FIELDS[checks.field],
        area=checks.field_area,
    )
    for key, words in MEASURES.items():
        measured.add_row(said(words), str(checks.figures[key]))
    yield measured
    verdicts = Table(*headings("check of heat maps", "outcome", "rule"))
    for verdict in checks.verdicts:
        outcome = said("passed") if verdict.passed else f"[red]{said('failed')}[/]"
        verdicts.add_row(verdict.name.replace("_", " "), outcome, said(verdict.rule))
    for finding, name in checks.worse_than_random:
        verdicts.add_row(
            said("{name}, called {finding}", name=name, finding=finding.value),
            f"[yellow]{said('note')}[/]",
            said("worse than a random order for this finding"),
        )
    yield verdicts


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """Yield one table of the runs side by side, then two a pair: differences, and confusions that changed."""
    title = said(
        "{images} images of {patients} patients, 95 % intervals",
        images=comparison.images,
        patients=comparison.patients,
    )
    side_by_side = Table("", *(run.name for run in comparison.runs), title=title)
    for name in COMPARED:
        side_by_side.add_row(metric_name(name), *(str(run.figures[name]) for run in comparison.runs))
    yield side_by_side
    for pair in comparison.pairs:
        yield _differences(pair)
        yield _confusions(pair)


def _described(decision: PneumoniaDecision) -> str:
    point = decision.operating_point
    at, rule = (
        said("flagged from {threshold:.3f}", threshold=point.threshold),
        _RULES.get(point.rule, point.rule),
    )
    if point.target is None:
        return f"{at}\n{said(rule)}"
    part = _PARTS.get(point.chosen_on, point.chosen_on)
    chosen = said("{rule} {target:g},\nchosen on {part}", rule=rule, target=point.target, part=part)
    return f"{at}\n{chosen}"


def _differences(pair: Pair) -> Table:
    table = Table(
        *headings("", "difference", "interval", "shown"),
        title=said("{later} minus {earlier}", later=pair.later, earlier=pair.earlier),
    )
    for name, estimate in pair.differences.items():
        interval = said("{low:+.3f} to {high:+.3f}", low=estimate.low, high=estimate.high)
        shown = said("yes") if differs(estimate) else said("no")
        table.add_row(metric_name(name), f"{estimate.value:+.3f}", interval, shown)
    test = pair.mcnemar
    table.caption = said(
        "McNemar, exact: only {earlier} right {only_earlier}, only {later} right {only_later}, "
        "p {p:.3g} ({adjusted:.3g} after Holm)",
        earlier=pair.earlier,
        only_earlier=test.only_earlier_right,
        later=pair.later,
        only_later=test.only_later_right,
        p=test.p_value,
        adjusted=test.p_adjusted,
    )
    return table


def _confusions(pair: Pair) -> Table:
    title = said("errors, {earlier} to {later}", earlier=pair.earlier, later=pair.later)
    table = Table(
        *headings("truth", "called"), pair.earlier, pair.later, *headings("change", "interval"), title=title
    )
    for cell in pair.cells:
        if cell.is_error:
            change = cell.change
            counts = (str(cell.earlier), str(cell.later), f"{change.value:+.0f}")
            interval = said("{low:+.0f} to {high:+.0f}", low=change.low, high=change.high)
            table.add_row(cell.truth, cell.decision, *counts, interval)
    return table
