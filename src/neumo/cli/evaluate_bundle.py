"""`neumo evaluate` of a bundle: the reader as it is shipped, on one part of a data set."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from neumo.cli.explanation_tables import explanation_tables
from neumo.cli.judgement_tables import judgement_tables
from neumo.cli.show import console, progress_bar
from neumo.core.errors import ConfigError
from neumo.evaluation.metrics.classification import OF_DECISION
from neumo.evaluation.robustness.cells import Cell
from neumo.evaluation.robustness.corruptions import STRENGTHS
from neumo.inference.reader import Reader
from neumo.study.evaluate_corruptions import evaluate_corruptions
from neumo.study.evaluate_explanations import SUMMARY_FILE, evaluate_explanations
from neumo.study.evaluate_reader import FIGURES_FILE, EvaluatedReader, evaluate_reader


def evaluate_bundle(
    bundle: Path,
    data: Path | None,
    part: str,
    out: Path | None,
    *,
    corruptions: bool,
    explanations: int | None,
) -> None:
    """Read the part, print its figures, and write them into `out`.

    Also reads it damaged where `corruptions` is set, and checks the heat maps of so many images as `explanations`
    says.

    Raises
    ------
    ConfigError
        No data set was given.
    """
    if data is None:
        raise ConfigError(f"{bundle}: is a bundle; say with --data which data set it is to be judged on")
    target = out or Path("evaluation") / bundle.resolve().name / part
    reader = Reader(bundle)
    with progress_bar("reading") as reading, progress_bar("resampling patients") as resampling:
        evaluated = evaluate_reader(
            reader,
            data,
            target,
            part=part,
            command=_command(),
            reading=reading,
            resampling=resampling,
        )
    for table in (
        *judgement_tables(evaluated.judgement),
        _points_table(evaluated),
        _coverage_table(evaluated),
    ):
        console.print(table)
    refused = ", ".join(f"{count} {code}" for code, count in evaluated.refused.items()) or "none"
    console.print(f"{evaluated.images} images, not read: {refused}")
    console.print(f"figures: {target / FIGURES_FILE}", soft_wrap=True)
    if corruptions:
        with progress_bar("reading damaged images") as reading:
            cells = evaluate_corruptions(reader, data, target, part=part, reading=reading)
        console.print(_corruption_table(cells))
    if explanations is not None:
        with progress_bar("checking heat maps") as checking:
            checks = evaluate_explanations(
                reader, data, target, part=part, images=explanations, checking=checking
            )
        for table in explanation_tables(checks):
            console.print(table)
        console.print(f"heat maps: {target / SUMMARY_FILE}", soft_wrap=True)


def _points_table(evaluated: EvaluatedReader) -> Table:
    table = Table(
        "operating point", *OF_DECISION, "missed", "false alarms", title="the bundle's operating points"
    )
    for name, decision in evaluated.operating_points.items():
        table.add_row(
            f"{name}\nfrom {decision.operating_point.threshold:.3f}",
            *(str(getattr(decision, figure)).replace(" (", "\n(") for figure in OF_DECISION),
            str(decision.false_negatives),
            str(decision.false_positives),
        )
    return table


def _coverage_table(evaluated: EvaluatedReader) -> Table:
    table = Table(
        "prediction sets", "true finding", "coverage (95 % interval)", "mean size", "single", "empty"
    )
    for promised, coverages in evaluated.coverage.items():
        for finding, coverage in coverages.items():
            table.add_row(
                f"{promised:.0%}",
                finding.value if finding else "all",
                f"{coverage.measured:.3f} ({coverage.low:.3f}-{coverage.high:.3f})",
                f"{coverage.mean_size:.2f}",
                f"{coverage.single:.2f}",
                f"{coverage.empty:.2f}",
            )
    return table


def _corruption_table(cells: Sequence[Cell]) -> Table:
    table = Table(title="accuracy (share refused), by strength of the damage")
    table.add_column("damage", no_wrap=True)
    for strength in STRENGTHS:
        table.add_column(str(strength))
    clean, *damaged = cells
    table.add_row("none", f"{clean.accuracy.value:.2f} ({clean.refused:.2f})")
    for kind in dict.fromkeys(cell.kind for cell in damaged):
        row = (f"{c.accuracy.value:.2f} ({c.refused:.2f})" for c in damaged if c.kind == kind)
        table.add_row(kind.replace("_", " "), *row)
    return table


def _command() -> str:
    """Return the command line with folders by their names only, for figures that are published."""
    words = (Path(word).name if "/" in word else word for word in sys.argv[1:])
    return shlex.join(["neumo", *words])
