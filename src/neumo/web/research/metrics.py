"""Metrics of a run's predictions: by image, by threshold, by subgroup, and beside another run's.

The libraries of the evaluation are imported where they are used: the server runs without them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import EvaluationError
from neumo.core.findings import FINDINGS, Finding
from neumo.texts.language import Language
from neumo.web.http.problems import Problem, not_installed
from neumo.web.research.runs import json_of, parts_of

THRESHOLDS: Final = 101
"""Number of thresholds from 0 to 1, in steps of 0.01."""


def run_predictions(folder: Path, part: str) -> dict[str, Any]:
    """Return a run's predictions by column. Raises Problem."""
    predictions = _predictions(folder, part)
    return {
        "part": part,
        "synthetic": predictions.synthetic,
        "paths": predictions.paths,
        "patients": predictions.patients,
        "attributes": sorted(predictions.attributes),
        "truth": [FINDINGS[index] for index in predictions.truth],
        "probabilities": predictions.probabilities.round(6).tolist(),
    }


def comparison(folders: Sequence[Path], part: str, language: Language, resamples: int) -> dict[str, Any]:
    """Compare each run with every one before it. Raises Problem."""
    try:
        from neumo.evaluation.comparison.compare import compare
        from neumo.evaluation.comparison.sentences import conclusion
    except ImportError as error:
        raise not_installed("train") from error
    runs = [(folder.name, _predictions(folder, part)) for folder in folders]
    try:
        compared = compare(runs, resamples=resamples)
    except EvaluationError as error:
        raise Problem(422, "invalid", errors=[{"field": "runs", "message": error.message}]) from error
    return {"part": part, **compared.to_json(), "conclusion": conclusion(compared, language)}


def thresholds(folder: Path, part: str) -> dict[str, Any]:
    """Return the metrics at each threshold on the probability of pneumonia. Raises Problem."""
    predictions = _predictions(folder, part)
    try:
        from neumo.evaluation.metrics.operating_point import trade_off
        from neumo.evaluation.values import without_nan
    except ImportError as error:
        raise not_installed("train") from error

    gained = trade_off(predictions, np.linspace(0.0, 1.0, THRESHOLDS))
    evaluation = json_of(folder / "evaluation" / part / "metrics.json").get("evaluation") or {}
    plain: dict[str, Any] = without_nan({name: column.tolist() for name, column in vars(gained).items()})
    plain["thresholds"] = [round(value, 4) for value in plain["thresholds"]]
    return {
        "part": part,
        "synthetic": predictions.synthetic,
        **plain,
        "counts": _counts(predictions, gained.thresholds),
        "decisions": evaluation.get("decisions") or [],
    }


def _counts(predictions: Any, thresholds: NDArray[np.float64]) -> dict[str, list[int]]:
    """Count the images that are called rightly and wrongly at each threshold."""
    ill = predictions.truth != Finding.NORMAL.index
    called = predictions.pneumonia[np.newaxis, :] >= thresholds[:, np.newaxis]
    kinds = {"tp": called & ill, "fp": called & ~ill, "tn": ~called & ~ill, "fn": ~called & ill}
    return {name: images.sum(axis=1).tolist() for name, images in kinds.items()}


def subgroups(folder: Path, part: str, column: str, threshold: float, resamples: int) -> dict[str, Any]:
    """Evaluate each group of a column, with 95 % intervals over patients, and the gaps between. Raises Problem."""
    predictions = _predictions(folder, part)
    try:
        from neumo.evaluation.subgroups.evaluate import evaluate_by
        from neumo.evaluation.values import OperatingPoint
    except ImportError as error:
        raise not_installed("train") from error
    asked = OperatingPoint(threshold=threshold, rule="asked", target=None, chosen_on="asked")
    try:
        report = evaluate_by(predictions, column, operating_point=asked, resamples=resamples)
    except EvaluationError as error:
        raise Problem(422, "invalid", errors=[{"field": "column", "message": error.message}]) from error
    return {"part": part, **report.to_json()}


def _predictions(folder: Path, part: str) -> Any:
    try:
        from neumo.evaluation.predictions import read_predictions
    except ImportError as error:
        raise not_installed("train") from error
    if part not in parts_of(folder):
        raise Problem(404, "not_found")
    synthetic = bool((json_of(folder / "run.json").get("data") or {}).get("synthetic"))
    try:
        return read_predictions(folder / "evaluation" / part / "predictions.csv", synthetic=synthetic)
    except EvaluationError as error:
        raise Problem(404, "not_found") from error
