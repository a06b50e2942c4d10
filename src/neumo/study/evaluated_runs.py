"""Evaluated runs on disk: their predictions and their history of epochs."""

import csv
from pathlib import Path

from neumo.core.errors import EvaluationError
from neumo.evaluation.predictions import Predictions, read_predictions
from neumo.training.run_folder import RunFolder

PREDICTIONS_FILE = "predictions.csv"
METRICS_FILE = "metrics.json"


def evaluated_predictions(run: Path, part: str) -> Predictions:
    """Predictions that `neumo evaluate` left in a run's folder.

    Raises
    ------
    CheckpointError
        `run` is no run's folder.
    EvaluationError
        The run was not evaluated on this part yet.
    """
    folder = RunFolder(run)
    synthetic = bool(folder.record()["data"]["synthetic"])
    file = folder.evaluation(part) / PREDICTIONS_FILE
    if not file.is_file():
        raise EvaluationError(
            "{run}: was not evaluated on {part!r} yet; run: neumo evaluate {run} --split {part}",
            run=run,
            part=part,
        )
    return read_predictions(file, synthetic=synthetic)


def read_history(folder: RunFolder) -> list[dict[str, float]]:
    """Rows of a run's metrics.csv. Raises EvaluationError where there are none."""
    try:
        with folder.history_file.open(newline="", encoding="utf-8") as stream:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]
    except (OSError, ValueError, TypeError) as error:
        raise EvaluationError(
            "{history_file}: cannot be read ({error}); train the run again",
            history_file=folder.history_file,
            error=error,
        ) from error
    if not rows:
        raise EvaluationError(
            "{history_file}: holds no epoch; train the run first", history_file=folder.history_file
        )
    return rows
