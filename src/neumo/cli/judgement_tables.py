"""A judgement as terminal tables."""

from collections.abc import Iterator

from rich.table import Table

from neumo.evaluation.values import Judgement, PneumoniaDecision


def judgement_tables(judgement: Judgement) -> Iterator[Table]:
    """Overall figures, then what each operating point does."""
    mark = "SYNTHETIC PHANTOMS: " if judgement.synthetic else ""
    title = f"{mark}{judgement.images} images of {judgement.patients} patients"
    overall = Table("figure", "value (95 % interval)", title=title)
    for name, estimate in judgement.overall.items():
        overall.add_row(name, str(estimate))
    yield overall
    points = Table("pneumonia", *map(_described, judgement.decisions))
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        points.add_row(name, *(str(getattr(decision, name)) for decision in judgement.decisions))
    points.add_row("missed", *(str(decision.false_negatives) for decision in judgement.decisions))
    points.add_row("false alarms", *(str(decision.false_positives) for decision in judgement.decisions))
    yield points


def _described(decision: PneumoniaDecision) -> str:
    point = decision.operating_point
    chosen = "" if point.target is None else f" {point.target:g},\nchosen on {point.chosen_on}"
    return f"called at {point.threshold:.3f}\n{point.rule}{chosen}"
