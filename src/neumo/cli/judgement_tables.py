"""A judgement as terminal tables."""

from collections.abc import Iterator

from rich.table import Table

from neumo.evaluation.judgement import Judgement, PneumoniaDecision


def judgement_tables(judgement: Judgement) -> Iterator[Table]:
    """Overall figures, then what each operating point does."""
    mark = "SYNTHETIC PHANTOMS: " if judgement.synthetic else ""
    title = f"{mark}{judgement.images} images of {judgement.patients} patients"
    overall = Table("figure", "value (95 % interval)", title=title)
    for name, estimate in judgement.overall.items():
        overall.add_row(name, str(estimate))
    yield overall
    points = Table(
        "pneumonia called at", "sensitivity", "specificity", "PPV", "NPV", "missed", "false alarms"
    )
    for decision in judgement.decisions:
        points.add_row(_described(decision), *_figures(decision))
    yield points


def _described(decision: PneumoniaDecision) -> str:
    point = decision.operating_point
    wanted = "" if point.target is None else f" {point.target:g}, chosen on {point.chosen_on}"
    return f"{point.threshold:.3f} ({point.rule}{wanted})"


def _figures(decision: PneumoniaDecision) -> tuple[str, ...]:
    shares = (decision.sensitivity, decision.specificity, decision.ppv, decision.npv)
    return (*map(str, shares), str(decision.false_negatives), str(decision.false_positives))
