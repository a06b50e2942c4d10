"""Comparison of evaluated runs (S12)."""

from collections.abc import Sequence
from pathlib import Path

from neumo.core.errors import EvaluationError
from neumo.core.progress import Progress
from neumo.evaluation.comparison.compare import compare
from neumo.evaluation.comparison.values import Comparison
from neumo.study.evaluated_runs import evaluated_predictions


def compare_runs(
    runs: Sequence[Path], *, part: str = "test", resamples: int = 1000, progress: Progress | None = None
) -> Comparison:
    """Compare each run with every one named before it, on the same images of `part`.

    Parameters
    ----------
    runs : sequence of Path
        Folders of evaluated runs, two or more; their folder names become their names.
    part : str
        Part of the split that all were evaluated on.
    resamples : int
        Bootstrap resamples of patients.

    Raises
    ------
    EvaluationError
        Fewer than two runs, a run that was not evaluated, or runs evaluated on different images.
    """
    if len(runs) < 2:
        raise EvaluationError("compare: give two or more runs")
    names = [run.resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run) for run in runs]
    predictions = [evaluated_predictions(run, part) for run in runs]
    return compare(list(zip(names, predictions, strict=True)), resamples=resamples, progress=progress)
