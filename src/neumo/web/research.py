"""Runs on disk, as far as they can be shown without the libraries that made them."""

import csv
import json
import math
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

from neumo.core.errors import EvaluationError
from neumo.web.problems import Problem, not_installed

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FIGURES: Final = {".svg": "image/svg+xml", ".png": "image/png"}
_NEEDED: Final = ("scipy", "sklearn", "matplotlib")
"""Libraries of the evaluation, which the extra `train` brings."""


def research_missing(runs: Path | None) -> str | None:
    """Return what keeps the research view from being shown: "runs", "train" (an extra to install) or None."""
    if runs is None:
        return "runs"
    return "train" if any(find_spec(name) is None for name in _NEEDED) else None


def run_folder(runs: Path | None, name: str) -> Path:
    """Return the folder of a run. Raises Problem where there is none."""
    if runs is None or not _NAME.fullmatch(name) or not (runs / name / "run.json").is_file():
        raise Problem(404, "not_found")
    return runs / name


def listed_runs(runs: Path | None) -> list[dict[str, Any]]:
    """Return the runs of a folder by name. Raises Problem without one."""
    if runs is None or not runs.is_dir():
        raise Problem(404, "not_found")
    return [
        _listed(file.parent) for file in sorted(runs.glob("*/run.json")) if _NAME.fullmatch(file.parent.name)
    ]


def run_details(folder: Path) -> dict[str, Any]:
    """Return everything that a run's folder says of itself."""
    parts = _parts(folder)
    return {
        **_listed(folder),
        "experiment": _yaml(folder / "experiment.yaml"),
        "record": _json(folder / "run.json"),
        "history": _history(folder / "metrics.csv"),
        "evaluations": {part: _json(folder / "evaluation" / part / "metrics.json") for part in parts},
        "figures": {part: _figures(folder / "evaluation" / part) for part in parts},
    }


def figure(folder: Path, part: str, name: str) -> tuple[Path, str]:
    """Return a figure's file and its media type. Raises Problem where there is none."""
    if part in _parts(folder) and name in _figures(folder / "evaluation" / part):
        file = next((folder / "evaluation" / part).rglob(name))
        return file, _FIGURES[file.suffix]
    raise Problem(404, "not_found")


def run_predictions(folder: Path, part: str) -> dict[str, Any]:
    """Return a run's predictions by column. Raises Problem."""
    predictions = _predictions(folder, part)
    from neumo.core.findings import FINDINGS

    return {
        "part": part,
        "synthetic": predictions.synthetic,
        "paths": predictions.paths,
        "patients": predictions.patients,
        "truth": [FINDINGS[index] for index in predictions.truth],
        "probabilities": predictions.probabilities.round(6).tolist(),
    }


def comparison(folders: Sequence[Path], part: str, language: str, resamples: int) -> dict[str, Any]:
    """Compare each run with every one before it. Raises Problem."""
    try:
        from neumo.evaluation.comparison import compare
        from neumo.evaluation.comparison_words import conclusion
    except ImportError as error:
        raise not_installed("train") from error
    judged = [(folder.name, _predictions(folder, part)) for folder in folders]
    try:
        compared = compare(judged, resamples=resamples)
    except EvaluationError as error:
        raise Problem(422, "invalid", errors=[{"field": "runs", "message": str(error)}]) from error
    return {"part": part, **compared.to_json(), "conclusion": conclusion(compared, language)}


def _predictions(folder: Path, part: str) -> Any:
    try:
        from neumo.evaluation.predictions import read_predictions
    except ImportError as error:
        raise not_installed("train") from error
    if part not in _parts(folder):
        raise Problem(404, "not_found")
    synthetic = bool((_json(folder / "run.json").get("data") or {}).get("synthetic"))
    try:
        return read_predictions(folder / "evaluation" / part / "predictions.csv", synthetic=synthetic)
    except EvaluationError as error:
        raise Problem(404, "not_found") from error


def _listed(folder: Path) -> dict[str, Any]:
    record, experiment = _json(folder / "run.json"), _yaml(folder / "experiment.yaml")
    return {
        "name": folder.name,
        "status": record.get("status"),
        "model": (experiment.get("model") or {}).get("name"),
        "parts": _parts(folder),
        "epochs": record.get("epochs"),
        "best_epoch": record.get("best_epoch"),
    }


def _parts(folder: Path) -> list[str]:
    return sorted(file.parent.name for file in folder.glob("evaluation/*/metrics.json"))


def _figures(evaluation: Path) -> list[str]:
    return sorted(file.name for file in evaluation.rglob("*") if file.suffix in _FIGURES and file.is_file())


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _yaml(file: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def _history(file: Path) -> list[Mapping[str, float | None]]:
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]
    except (OSError, ValueError, TypeError):
        return []
    return [{name: value if math.isfinite(value) else None for name, value in row.items()} for row in rows]
