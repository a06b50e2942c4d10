"""Rendering in a reader process, isolated since it parses uploaded data."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from neumo.core.errors import ChildError
from neumo.web.http.problems import Problem, not_installed
from neumo.web.workbench import Workbench

FOLDER: Final = "rendered"
_SECONDS: Final = 120.0
_STATUS: Final = {"pixels_deleted": 410, "not_dicom": 422, "unreadable": 422}


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
    target = workbench.config.data / FOLDER / secrets.token_hex(16)
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
