"""Compare runs on the same images: each later run against each earlier one, in metrics and in errors.

Intervals are paired: both runs are measured on the same resamples of patients, so that what is hard for both
cancels out. Sources: McNemar, Psychometrika 1947 (here the exact test); Holm, Scand. J. Statistics 1979.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from neumo.core.errors import EvaluationError
from neumo.core.findings import FINDINGS
from neumo.core.message import Message, joined
from neumo.core.progress import Progress
from neumo.core.statistics import holm
from neumo.evaluation.comparison.values import (
    COMPARED,
    CellChange,
    ComparedRun,
    Comparison,
    McNemar,
    Pair,
)
from neumo.evaluation.metrics.classification import confusion_counts, confusion_matrix, measure
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.values import Estimate

Run = tuple[str, Predictions]

_CELLS = tuple((truth, decision) for truth in FINDINGS for decision in FINDINGS)
_SHOWN = 3


def compare(
    runs: Sequence[Run], *, resamples: int = 1000, seed: int = 42, progress: Progress | None = None
) -> Comparison:
    """Compare each run with each one before it.

    Parameters
    ----------
    runs : sequence of (str, Predictions)
        Two or more, in their order, with names that differ. All must have answered the same images, in any
        order.
    resamples : int
        Bootstrap resamples of patients, 40 or more.
    seed : int
    progress : callable, optional
        Called with the resamples done and their total.

    Returns
    -------
    Comparison

    Raises
    ------
    EvaluationError
        Fewer than two runs, equal names, or runs that answered different images or know other truths or
        patients.
    """
    _check_names([name for name, _ in runs])
    aligned = _aligned(runs)
    pairs = [(earlier, later) for later in range(len(aligned)) for earlier in range(later)]
    first = aligned[0][1]
    measured = estimates(
        lambda weights: _all_metrics(aligned, pairs, weights),
        first.patients,
        resamples=resamples,
        seed=seed,
        progress=progress,
    )
    discordant = [_discordant(aligned[earlier][1], aligned[later][1]) for earlier, later in pairs]
    p_values = [mcnemar_exact(*counts) for counts in discordant]
    tests = [
        McNemar(*counts, p_value=p, p_adjusted=adjusted)
        for counts, p, adjusted in zip(discordant, p_values, holm(p_values), strict=True)
    ]
    return Comparison(
        runs=tuple(_compared_run(position, run, measured) for position, run in enumerate(aligned)),
        pairs=tuple(_pair(aligned, pair, test, measured) for pair, test in zip(pairs, tests, strict=True)),
        images=len(first),
        patients=len(set(first.patients)),
        correction="holm",
        resamples=resamples,
        seed=seed,
        synthetic=any(predictions.synthetic for _, predictions in aligned),
    )


def mcnemar_exact(only_earlier_right: int, only_later_right: int) -> float:
    """Two-sided p value of the exact McNemar test; 1 where the runs never disagree about being right."""
    discordant = only_earlier_right + only_later_right
    return float(binomtest(only_later_right, discordant, 0.5).pvalue) if discordant else 1.0


def _check_names(names: Sequence[str]) -> None:
    if len(names) < 2:
        raise EvaluationError("runs: {count} given; a comparison needs two or more", count=len(names))
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise EvaluationError(
            "runs: the name {repeated!r} is given more than once; give each run its own name",
            repeated=repeated[0],
        )


def _aligned(runs: Sequence[Run]) -> list[Run]:
    """All runs with their images in the order of the first run."""
    reference_name, reference = runs[0]
    for name, predictions in runs:
        _check_paths_differ(name, predictions)
    aligned = [(reference_name, reference)]
    for name, predictions in runs[1:]:
        _check_same_paths(reference_name, reference, name, predictions)
        position = {path: i for i, path in enumerate(predictions.paths)}
        reordered = predictions.take(np.array([position[path] for path in reference.paths], dtype=np.int64))
        _check_same_images(reference_name, reference, name, reordered)
        aligned.append((name, reordered))
    return aligned


def _check_paths_differ(name: str, predictions: Predictions) -> None:
    repeated = [path for path, times in Counter(predictions.paths).items() if times > 1]
    if repeated:
        raise EvaluationError(
            "run {name!r}: answered {repeated} more than once; evaluate the run again",
            name=name,
            repeated=_listed(repeated),
        )


def _check_same_paths(first_name: str, first: Predictions, name: str, other: Predictions) -> None:
    faults = [
        Message("only {owner!r} answered {paths}", owner=owner, paths=_listed(sorted(extra)))
        for owner, extra in (
            (first_name, set(first.paths) - set(other.paths)),
            (name, set(other.paths) - set(first.paths)),
        )
        if extra
    ]
    if faults:
        raise EvaluationError(
            "runs {first_name!r} and {name!r} answered different images: {faults}; evaluate both "
            "on the same split of the same data",
            first_name=first_name,
            name=name,
            faults=joined("; ", faults),
        )


def _check_same_images(first_name: str, first: Predictions, name: str, other: Predictions) -> None:
    others_patients = np.asarray(other.patients) != np.asarray(first.patients)
    for what, differing in (
        (Message("truth"), other.truth != first.truth),
        (Message("patient"), others_patients),
    ):
        paths = [first.paths[i] for i in np.flatnonzero(differing)]
        if paths:
            raise EvaluationError(
                "runs {first_name!r} and {name!r} know another {what} of {paths}; evaluate both on "
                "the same version of the data",
                first_name=first_name,
                name=name,
                what=what,
                paths=_listed(paths),
            )


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_SHOWN])
    rest = len(paths) - _SHOWN
    return Message("{shown} and {rest} more", shown=shown, rest=rest) if rest > 0 else shown


def _all_metrics(
    runs: Sequence[Run], pairs: Sequence[tuple[int, int]], weights: FloatArray
) -> dict[str, FloatArray]:
    by_run = [measure(predictions, weights) for _, predictions in runs]
    cells = [
        confusion_counts(predictions.truth, predictions.decisions, weights).reshape(len(weights), -1)
        for _, predictions in runs
    ]
    metrics = {
        _run_key(position, name): values
        for position, measured in enumerate(by_run)
        for name, values in measured.items()
    }
    for pair in pairs:
        earlier, later = pair
        metrics |= {_pair_key(pair, name): by_run[later][name] - by_run[earlier][name] for name in COMPARED}
        metrics |= {_cell_key(pair, i): (cells[later] - cells[earlier])[:, i] for i in range(len(_CELLS))}
    return metrics


def _run_key(position: int, name: str) -> str:
    return f"run {position}: {name}"


def _pair_key(pair: tuple[int, int], name: str) -> str:
    return f"run {pair[1]} minus run {pair[0]}: {name}"


def _cell_key(pair: tuple[int, int], cell: int) -> str:
    return _pair_key(pair, f"cell {cell}")


def _discordant(earlier: Predictions, later: Predictions) -> tuple[int, int]:
    earlier_right, later_right = (run.decisions == run.truth for run in (earlier, later))
    return int((earlier_right & ~later_right).sum()), int((~earlier_right & later_right).sum())


def _compared_run(position: int, run: Run, measured: dict[str, Estimate]) -> ComparedRun:
    prefix = _run_key(position, "")
    return ComparedRun(
        name=run[0],
        figures={
            key.removeprefix(prefix): value for key, value in measured.items() if key.startswith(prefix)
        },
        confusion=tuple(tuple(int(count) for count in row) for row in confusion_matrix(run[1])),
    )


def _pair(runs: Sequence[Run], pair: tuple[int, int], test: McNemar, measured: dict[str, Estimate]) -> Pair:
    (earlier_name, earlier), (later_name, later) = (runs[position] for position in pair)
    before, after = confusion_matrix(earlier).ravel(), confusion_matrix(later).ravel()
    return Pair(
        earlier=earlier_name,
        later=later_name,
        differences={name: measured[_pair_key(pair, name)] for name in COMPARED},
        mcnemar=test,
        cells=tuple(
            CellChange(truth, decision, int(before[i]), int(after[i]), measured[_cell_key(pair, i)])
            for i, (truth, decision) in enumerate(_CELLS)
        ),
    )
