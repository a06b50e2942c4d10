"""The checks of heat maps as tables of the terminal."""

from rich.table import Table

from neumo.evaluation.explanations.checks import FIGURES, ExplanationChecks

_FIELDS = {"fixed": "a fixed field, an approximation", "phantom": "as drawn"}


def explanation_tables(checks: ExplanationChecks) -> tuple[Table, Table]:
    """Figures with intervals, and the verdicts."""
    figures = Table("heat maps", "mean (95 % interval)")
    figures.caption = (
        f"{checks.images} images, {checks.patients} patients; thorax: {_FIELDS[checks.field]}, "
        f"{checks.field_area:.0%} of the image"
    )
    for key, words in FIGURES.items():
        figures.add_row(words, str(checks.figures[key]))
    verdicts = Table("check of heat maps", "outcome", "rule")
    for verdict in checks.verdicts:
        outcome = "passed" if verdict.passed else "[red]failed[/]"
        verdicts.add_row(verdict.name.replace("_", " "), outcome, verdict.rule)
    for finding, name in checks.worse_than_random:
        verdicts.add_row(
            f"{name}, called {finding.value}", "[yellow]note[/]", "worse than a random order for this finding"
        )
    return figures, verdicts
