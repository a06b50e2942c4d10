"""Images that a run was evaluated on: their paths, and whether they are on this machine."""

import csv
from functools import lru_cache
from pathlib import Path, PurePosixPath

from neumo.web.http.problems import Problem
from neumo.web.research.runs import json_of, parts_of


def image_file(folder: Path, part: str, index: int) -> Path:
    """Return the file of the image in a row of a run's predictions.

    Only what the evaluation itself listed can be had, and only below the data set that the run names.

    Raises
    ------
    Problem
        "not_found" where there is no such row, "data_absent" where its image is not on this machine.
    """
    listed = _listed(folder, part)
    if index >= len(listed):
        raise Problem(404, "not_found")
    file = _below(_data_set(folder), listed[index])
    if file is None or not file.is_file():
        raise Problem(404, "data_absent")
    return file


def images_here(folder: Path, part: str) -> bool:
    """Say whether the first image of a part, and so in all likelihood each, is on this machine. Raises Problem."""
    listed = _listed(folder, part)
    file = _below(_data_set(folder), listed[0]) if listed else None
    return file is not None and file.is_file()


def _data_set(folder: Path) -> Path | None:
    stated = (json_of(folder / "run.json").get("data") or {}).get("path")
    return Path(stated) if isinstance(stated, str) and Path(stated).is_absolute() else None


def _below(root: Path | None, listed: str) -> Path | None:
    path = PurePosixPath(listed)
    if root is None or path.is_absolute() or ".." in path.parts or "\0" in listed:
        return None
    return root / path


def _listed(folder: Path, part: str) -> tuple[str, ...]:
    if part not in parts_of(folder):
        raise Problem(404, "not_found")
    file = folder / "evaluation" / part / "predictions.csv"
    try:
        return _paths(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise Problem(404, "not_found") from error


@lru_cache(maxsize=8)
def _paths(file: Path, _changed: int) -> tuple[str, ...]:
    """Return the column of paths; cached, since a page asks for many images of one list."""
    with file.open(newline="", encoding="utf-8") as stream:
        return tuple(row["path"] for row in csv.DictReader(stream))
