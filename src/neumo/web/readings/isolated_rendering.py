"""Rendering in a reader process, isolated since it parses uploaded data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neumo.core.errors import ChildError
from neumo.core.reading import Status
from neumo.records.stored_reading import StoredReading
from neumo.texts.language import Language
from neumo.web.http.problems import Problem, not_installed
from neumo.web.readings.own_files import new_file
from neumo.web.workbench import Workbench

FOLDER: Final = "rendered"
_SECONDS: Final = 120.0
_STATUS: Final = {
    "no_object": 409,
    "undecided": 409,
    "pixels_deleted": 410,
    "nothing_kept": 410,
    "not_dicom": 422,
    "unreadable": 422,
}


def absent(reading: StoredReading) -> str:
    """Return the problem's code for a reading without a stored file: purged, failed, or pixels deleted on schedule."""
    if reading.purged:
        return "purged"
    return "nothing_kept" if reading.status == Status.FAILED else "pixels_deleted"


def render_request(
    workbench: Workbench, reading: StoredReading, name: str, language: Language, *, patients: bool = True
) -> dict[str, Any]:
    """Return the request to `rendered` for a file of a reading, with the decision in force.

    Parameters
    ----------
    workbench : Workbench
    reading : StoredReading
    name : str
        One of `neumo.web.readings.rendering.MEDIA_TYPES`.
    language : str
    patients : bool
        Whether it may say whose radiograph it is.

    Raises
    ------
    Problem
        The content of the reading is deleted.
    """
    file = workbench.reading_files.path_of(reading.body)
    if file is None:
        raise Problem(410, absent(reading))
    return {
        "do": "render",
        "file": str(file),
        "absent": absent(reading),
        "name": name,
        "language": language,
        "decision": None if reading.decision is None else reading.decision.to_json(),
        "patients": "shown" if patients else "hidden",
    }


def rendered(workbench: Workbench, request: Mapping[str, Any]) -> Path:
    """Have a reader process render a file, ahead of waiting radiographs; the caller deletes it.

    Parameters
    ----------
    workbench : Workbench
    request : mapping
        What `neumo.web.readings.reader_requests` takes, without `target`.

    Raises
    ------
    Problem
        It cannot be rendered, or not now.
    """
    target = new_file(workbench.config.data / FOLDER)
    try:
        _ask(workbench, {**request, "target": str(target)})
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _ask(workbench: Workbench, request: Mapping[str, Any]) -> None:
    with workbench.pool.place():
        try:
            answer = workbench.pool.submit(request, urgent=True).result(_SECONDS)
        except TimeoutError as error:
            raise Problem(503, "busy", retry_after=10) from error
        except ChildError as error:
            raise Problem(503, "busy", retry_after=3) from error
    match answer:
        case {"status": "made"}:
            return
        case {"problem": "not_installed", "extra": extra}:
            raise not_installed(extra)
        case {"problem": code} if code in _STATUS:
            raise Problem(_STATUS[code], code)
    raise RuntimeError(f"rendering failed ({answer.get('error')} at {answer.get('where')})")
