"""Route that sends a verified report to the PACS of the settings."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request

from neumo.core.errors import NodeError
from neumo.core.logging import event, fault
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.results.kinds import Kind
from neumo.sending.attempts import SENT, Attempt, Fate, worst
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Verifying
from neumo.web.readings.blinding import is_withheld
from neumo.web.readings.chosen import Chosen
from neumo.web.readings.isolated_rendering import render_request, rendered
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["decisions"])
_PROBLEMS: Final = {
    Fate.UNAVAILABLE: (502, "pacs_unavailable"),
    Fate.BUSY: (503, "pacs_busy"),
    Fate.REFUSED: (502, "pacs_refused"),
}


_USUAL: Final[tuple[Kind, ...]] = ("sr",)
"""Kinds that are sent where the settings name none."""


@router.post("/api/readings/{identifier}/send")
def send(request: Request, person: Verifying, identifier: int, chosen: Chosen) -> dict[str, Any]:
    """Send the verified report of a reading to the PACS, as the settings have it; sent again it is the same object."""
    workbench = workbench_of(request)
    destination = workbench.config.send.to
    if destination is None:
        raise Problem(409, "no_pacs")
    if not person.sees_patients:
        raise Problem(403, "patients_hidden")
    reading = stored_reading(workbench.archive, identifier)
    if is_withheld(reading, person):
        raise Problem(409, "withheld")
    decision = reading.decision
    if decision is None or not decision.verified:
        raise Problem(409, "not_verified")
    # In the language of the site, so that it is the same object whoever sends it.
    asked = [
        render_request(workbench, reading, name, workbench.config.language)
        | chosen.rendering(workbench, reading, name, person)
        for name in (f"{kind}.dcm" for kind in destination.objects or _USUAL)
    ]
    attempt = _sent(workbench, reading, asked)
    fields: dict[str, Any] = {"reading": reading.id, "destination": destination.name}
    if attempt.fate is not Fate.SENT:
        event("report_not_sent", fate=attempt.fate.value, reason=attempt.reason, **fields)
        status, code = _PROBLEMS[attempt.fate]
        raise Problem(status, code, destination=destination.name, reason=attempt.reason)
    event("report_sent", revision=decision.revision, **fields)
    return {"destination": destination.name, "revision": decision.revision}


def _sent(workbench: Workbench, reading: StoredReading, asked: Sequence[Mapping[str, Any]]) -> Attempt:
    assert workbench.send is not None
    with ExitStack() as stack:
        files = []
        for request in asked:
            file = _rendered(workbench, request)
            if file is not None:
                stack.callback(file.unlink, missing_ok=True)
                files.append(file)
        try:
            return worst(workbench.send(files)) if files else SENT
        except (NodeError, OSError) as error:  # its TLS files cannot be used
            fault("report_not_sent", error, reading=reading.id)
            return Attempt(Fate.UNAVAILABLE, type(error).__name__)


def _rendered(workbench: Workbench, request: Mapping[str, Any]) -> Path | None:
    """Return an object's file; None where the reading gives none of its kind."""
    try:
        return rendered(workbench, request)
    except Problem as problem:
        if problem.code == "no_object":
            return None
        raise
