"""Training runs on disk: list, details, figures; read without the training libraries."""

import csv
import json
import math
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

from neumo.web.http.problems import Problem

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FIGURES: Final = {".svg": "image/svg+xml", ".png": "image/png"}
_NEEDED: Final = ("scipy", "sklearn", "matplotlib")
"""Libraries of the evaluation, which the extra `train` brings."""


def research_missing(runs: Path | None) -> str | None:
    """Return the missing requirement of the research view: "runs" (a folder), "train" (an extra) or None."""
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
    """Return everything that a run's folder records."""
    parts = parts_of(folder)
    return {
        **_listed(folder),
        "experiment": _yaml(folder / "experiment.yaml"),
        "record": json_of(folder / "run.json"),
        "history": _history(folder / "metrics.csv"),
        "evaluations": {part: json_of(folder / "evaluation" / part / "metrics.json") for part in parts},
        "figures": {part: _figures(folder / "evaluation" / part) for part in parts},
    }


def figure(folder: Path, part: str, name: str) -> tuple[Path, str]:
    """Return a figure's file and its media type. Raises Problem where there is none."""
    if part in parts_of(folder) and name in _figures(folder / "evaluation" / part):
        file = next((folder / "evaluation" / part).rglob(name))
        return file, _FIGURES[file.suffix]
    raise Problem(404, "not_found")


def _listed(folder: Path) -> dict[str, Any]:
    record, experiment = json_of(folder / "run.json"), _yaml(folder / "experiment.yaml")
    return {
        "name": folder.name,
        "status": record.get("status"),
        "model": (experiment.get("model") or {}).get("name"),
        "parts": parts_of(folder),
        "epochs": record.get("epochs"),
        "best_epoch": record.get("best_epoch"),
    }


def parts_of(folder: Path) -> list[str]:
    """Return the parts of the data that a run was evaluated on."""
    return sorted(file.parent.name for file in folder.glob("evaluation/*/metrics.json"))


def _figures(evaluation: Path) -> list[str]:
    return sorted(file.name for file in evaluation.rglob("*") if file.suffix in _FIGURES and file.is_file())


def json_of(file: Path) -> dict[str, Any]:
    """Return a file's mapping; empty where there is none that can be read."""
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
