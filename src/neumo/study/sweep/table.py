"""The table of a sweep: each recipe within each source, mean and standard deviation over seeds."""

import csv
import io
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neumo.core.errors import NeumoError
from neumo.core.files import write_json, write_text
from neumo.core.progress import Progress
from neumo.evaluation.sources.values import METRICS, EvaluatedSource
from neumo.evaluation.values import Estimate, without_nan
from neumo.study.evaluate_sources import evaluate_runs_by_source
from neumo.study.sweep.one_run import is_finished
from neumo.study.sweep.plan import PlannedRun

TABLE = "table"
"""Name of the files, with .csv and .json."""


@dataclass(frozen=True)
class Row:
    """A metric of a recipe within one source.

    Attributes
    ----------
    recipe, source, metric : str
    seeds : tuple of int
        Whose runs are all finished.
    mean : float
        Over seeds.
    deviation : float or None
        Standard deviation over seeds (n - 1); None of one seed.
    low, high : float
        95 % interval over patients: the ends of the seeds' intervals, averaged.
    """

    recipe: str
    source: str
    metric: str
    seeds: tuple[int, ...]
    mean: float
    deviation: float | None
    low: float
    high: float


def evaluate_sweep(
    runs: Sequence[PlannedRun],
    data: Path,
    *,
    resamples: int = 1000,
    predicting: Progress | None = None,
) -> tuple[list[Row], dict[str, str]]:
    """Evaluate the held-out images of each recipe and seed, all folds together and within each source.

    Returns
    -------
    rows : list of Row
    missing : dict of str to str
        Recipe and seed, to why it is not in the rows: runs that are not finished, or a fault.

    Raises
    ------
    OutputError
    """
    by_recipe = dict[str, dict[int, Sequence[EvaluatedSource]]]()
    missing = dict[str, str]()
    for (recipe, seed), folds in _grouped(runs).items():
        unfinished = [run.folder.name for run in folds if not is_finished(run)]
        by_recipe.setdefault(recipe, {})
        if unfinished:
            missing[f"{recipe}, seed {seed}"] = ", ".join(unfinished)
            continue
        try:
            by_recipe[recipe][seed] = evaluate_runs_by_source(
                [run.folder for run in folds],
                folds[0].folder.parent / f"evaluation-seed{seed}",
                data=data,
                command="neumo sweep",
                resamples=resamples,
                predicting=predicting,
            )
        except NeumoError as error:
            missing[f"{recipe}, seed {seed}"] = str(error)
    return [row for recipe, seeds in by_recipe.items() for row in _rows(recipe, seeds)], missing


def write_table(out: Path, rows: Sequence[Row], missing: Mapping[str, str]) -> None:
    """Write table.csv and table.json into the folder of a sweep. Raises OutputError."""
    columns = ("recipe", "source", "metric", "seeds", "mean", "deviation", "low", "high")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        numbers = map(_short, (row.mean, row.deviation, row.low, row.high))
        writer.writerow([row.recipe, row.source, row.metric, len(row.seeds), *numbers])
    write_text(out / f"{TABLE}.csv", buffer.getvalue())
    write_json(
        out / f"{TABLE}.json",
        {"schema": 1, "rows": [without_nan(asdict(row)) for row in rows], "missing": dict(missing)},
    )


def _grouped(runs: Iterable[PlannedRun]) -> dict[tuple[str, int], list[PlannedRun]]:
    groups = dict[tuple[str, int], list[PlannedRun]]()
    for run in runs:
        groups.setdefault((run.recipe, run.seed), []).append(run)
    return groups


def _rows(recipe: str, seeds: Mapping[int, Sequence[EvaluatedSource]]) -> list[Row]:
    """Return the rows of a recipe. Seeds hold out the same images and so have the same sources and metrics."""
    rows = []
    for source in dict.fromkeys(one.source for evaluated in seeds.values() for one in evaluated):
        of_source = {
            seed: one.figures
            for seed, evaluated in seeds.items()
            for one in evaluated
            if one.source == source
        }
        for metric in METRICS:
            found = {seed: figures[metric] for seed, figures in of_source.items() if metric in figures}
            if found:
                rows.append(_row(recipe, source, metric, found))
    return rows


def _row(recipe: str, source: str, metric: str, found: Mapping[int, Estimate]) -> Row:
    values = [one.value for one in found.values()]
    return Row(
        recipe=recipe,
        source=source,
        metric=metric,
        seeds=tuple(found),
        mean=statistics.fmean(values),
        deviation=statistics.stdev(values) if len(values) > 1 else None,
        low=statistics.fmean(one.low for one in found.values()),
        high=statistics.fmean(one.high for one in found.values()),
    )


def _short(value: Any) -> str:
    return "" if value is None else f"{value:.6g}"
