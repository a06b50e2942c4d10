"""Evaluations, comparisons and checks of heat maps as terminal tables."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from neumo.evaluation.comparison.values import COMPARED, Comparison, Pair, differs
from neumo.evaluation.explanations.checks import MEASURES, ExplanationChecks
from neumo.evaluation.metrics.classification import OF_DECISION
from neumo.evaluation.robustness.accuracy_by_corruption import Cell
from neumo.evaluation.robustness.corruptions import STRENGTHS
from neumo.evaluation.sources.values import METRICS, OF_PNEUMONIA, EvaluatedSource, worst_sources
from neumo.evaluation.values import Estimate, Evaluation, PneumoniaDecision
from neumo.study.evaluate_reader import EvaluatedReader

_FIELDS = {"fixed": "a fixed field, an approximation", "phantom": "as drawn"}


def evaluation_tables(evaluation: Evaluation) -> Iterator[Table]:
    """Yield overall metrics, then what each operating point does."""
    mark = "SYNTHETIC PHANTOMS: " if evaluation.synthetic else ""
    title = f"{mark}{evaluation.images} images of {evaluation.patients} patients"
    overall = Table("metric", "value (95 % interval)", title=title)
    for name, estimate in evaluation.overall.items():
        overall.add_row(name, str(estimate))
    yield overall
    points = Table("pneumonia", *map(_described, evaluation.decisions))
    for name in OF_DECISION:
        points.add_row(name, *(str(getattr(decision, name)) for decision in evaluation.decisions))
    points.add_row("missed", *(str(decision.false_negatives) for decision in evaluation.decisions))
    points.add_row("false alarms", *(str(decision.false_positives) for decision in evaluation.decisions))
    yield points


def reader_tables(evaluated: EvaluatedReader) -> Iterator[Table]:
    """Yield the tables of an evaluation, then what the bundle's operating points and prediction sets do."""
    yield from evaluation_tables(evaluated.evaluation)
    points = Table(
        "operating point", *OF_DECISION, "missed", "false alarms", title="the bundle's operating points"
    )
    for name, decision in evaluated.operating_points.items():
        points.add_row(
            f"{name}\nfrom {decision.operating_point.threshold:.3f}",
            *(str(getattr(decision, metric)).replace(" (", "\n(") for metric in OF_DECISION),
            str(decision.false_negatives),
            str(decision.false_positives),
        )
    yield points
    sets = Table(
        "prediction sets", "true finding", "coverage (95 % interval)", "mean size", "single", "empty"
    )
    for nominal, coverages in evaluated.coverage.items():
        for finding, coverage in coverages.items():
            sets.add_row(
                f"{nominal:.0%}",
                finding.value if finding else "all",
                f"{coverage.measured:.3f} ({coverage.low:.3f}-{coverage.high:.3f})",
                f"{coverage.mean_size:.2f}",
                f"{coverage.single:.2f}",
                f"{coverage.empty:.2f}",
            )
    yield sets


def source_tables(evaluated: Sequence[EvaluatedSource]) -> Iterator[Table]:
    """Yield the metrics of all sources side by side, the worst value of a row marked, then those of each view."""
    mark = "SYNTHETIC PHANTOMS: " if any(one.synthetic for one in evaluated) else ""
    table = Table("", *(one.source or "no source" for one in evaluated), title=f"{mark}each source by itself")
    table.add_row("images", *(f"{one.images} of {one.patients} patients" for one in evaluated))
    table.add_row("refused or failed", *(_interval(one.share_refused) for one in evaluated))
    worst = worst_sources(evaluated)
    for metric in METRICS:
        if any(metric in one.figures for one in evaluated):
            cells = [
                f"[bold]{_interval(one.figures[metric])} worst[/]"
                if worst.get(metric) == one.source
                else _interval(one.figures[metric])
                if metric in one.figures
                else "-"
                for one in evaluated
            ]
            table.add_row(metric, *cells)
    table.caption = "95 % intervals over patients; nothing is pooled over sources"
    yield table
    views = [(one, view, figures) for one in evaluated for view, figures in one.by_view.items()]
    if views:
        by_view = Table("", *OF_PNEUMONIA, title="by view")
        for one, view, figures in views:
            by_view.add_row(f"{one.source} {view}", *(_interval(figures[metric]) for metric in OF_PNEUMONIA))
        yield by_view


def _interval(estimate: Estimate) -> str:
    return str(estimate).replace(" (", "\n(")


def corruption_table(cells: Sequence[Cell]) -> Table:
    """Return accuracy and refusals of corrupted images, one row a kind."""
    table = Table(title="accuracy (share refused), by strength of the corruption")
    table.add_column("corruption", no_wrap=True)
    for strength in STRENGTHS:
        table.add_column(str(strength))
    clean, *corrupted = cells
    table.add_row("none", f"{clean.accuracy.value:.2f} ({clean.refused:.2f})")
    for kind in dict.fromkeys(cell.kind for cell in corrupted):
        row = (f"{c.accuracy.value:.2f} ({c.refused:.2f})" for c in corrupted if c.kind == kind)
        table.add_row(kind.replace("_", " "), *row)
    return table


def explanation_tables(checks: ExplanationChecks) -> Iterator[Table]:
    """Yield what was measured on heat maps with intervals, then the verdicts."""
    measured = Table("heat maps", "mean (95 % interval)")
    measured.caption = (
        f"{checks.images} images, {checks.patients} patients; thorax: {_FIELDS[checks.field]}, "
        f"{checks.field_area:.0%} of the image"
    )
    for key, words in MEASURES.items():
        measured.add_row(words, str(checks.figures[key]))
    yield measured
    verdicts = Table("check of heat maps", "outcome", "rule")
    for verdict in checks.verdicts:
        outcome = "passed" if verdict.passed else "[red]failed[/]"
        verdicts.add_row(verdict.name.replace("_", " "), outcome, verdict.rule)
    for finding, name in checks.worse_than_random:
        verdicts.add_row(
            f"{name}, called {finding.value}", "[yellow]note[/]", "worse than a random order for this finding"
        )
    yield verdicts


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """Yield one table of the runs side by side, then two a pair: differences, and confusions that changed."""
    title = f"{comparison.images} images of {comparison.patients} patients, 95 % intervals"
    side_by_side = Table("", *(run.name for run in comparison.runs), title=title)
    for name in COMPARED:
        side_by_side.add_row(name, *(str(run.figures[name]) for run in comparison.runs))
    yield side_by_side
    for pair in comparison.pairs:
        yield _differences(pair)
        yield _confusions(pair)


def _described(decision: PneumoniaDecision) -> str:
    point = decision.operating_point
    chosen = "" if point.target is None else f" {point.target:g},\nchosen on {point.chosen_on}"
    return f"called at {point.threshold:.3f}\n{point.rule}{chosen}"


def _differences(pair: Pair) -> Table:
    table = Table("", "difference", "interval", "shown", title=f"{pair.later} minus {pair.earlier}")
    for name, estimate in pair.differences.items():
        interval = f"{estimate.low:+.3f} to {estimate.high:+.3f}"
        table.add_row(name, f"{estimate.value:+.3f}", interval, "yes" if differs(estimate) else "no")
    test = pair.mcnemar
    table.caption = (
        f"McNemar, exact: only {pair.earlier} right {test.only_earlier_right}, only {pair.later} right "
        f"{test.only_later_right}, p {test.p_value:.3g} ({test.p_adjusted:.3g} after Holm)"
    )
    return table


def _confusions(pair: Pair) -> Table:
    title = f"errors, {pair.earlier} to {pair.later}"
    table = Table("truth", "called", pair.earlier, pair.later, "change", "interval", title=title)
    for cell in pair.cells:
        if cell.is_error:
            change = cell.change
            counts = (str(cell.earlier), str(cell.later), f"{change.value:+.0f}")
            table.add_row(cell.truth, cell.decision, *counts, f"{change.low:+.0f} to {change.high:+.0f}")
    return table
