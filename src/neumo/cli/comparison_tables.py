"""A comparison as terminal tables."""

from collections.abc import Iterator

from rich.table import Table

from neumo.evaluation.comparison.values import COMPARED, Comparison, Pair, differs


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """One table of the runs side by side, then two a pair: differences, and confusions that changed."""
    yield _side_by_side(comparison)
    for pair in comparison.pairs:
        yield _differences(pair)
        yield _confusions(pair)


def _side_by_side(comparison: Comparison) -> Table:
    title = f"{comparison.images} images of {comparison.patients} patients, 95 % intervals"
    table = Table("", *(run.name for run in comparison.runs), title=title)
    for name in COMPARED:
        table.add_row(name, *(str(run.figures[name]) for run in comparison.runs))
    return table


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
    table = Table(
        "truth",
        "called",
        pair.earlier,
        pair.later,
        "change",
        "interval",
        title=f"errors, {pair.earlier} to {pair.later}",
    )
    for cell in pair.cells:
        if cell.is_error:
            change = cell.change
            interval = f"{change.low:+.0f} to {change.high:+.0f}"
            table.add_row(
                cell.truth,
                cell.decision,
                str(cell.earlier),
                str(cell.later),
                f"{change.value:+.0f}",
                interval,
            )
    return table
