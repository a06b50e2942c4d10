"""Routes of decisions: optimistic concurrency with ETag and If-Match; none is ever overwritten."""

import re
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.records.decisions import record_decision
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Decider, Person, Reader
from neumo.web.readings.blinding import is_withheld
from neumo.web.readings.presenting import decisions_json, first_views, reading_json
from neumo.web.routes.readings import etag
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["decisions"])
MAX_NOTE_LENGTH: Final = 4000
_TAG = re.compile(r'"r(\d{1,9})"')


class Decision(BaseModel):
    """A person's decision on a reading."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["agree", "disagree", "finding"]
    finding: Finding | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE_LENGTH, pattern=r"^[^\x00]*$")] = ""


@router.get("/api/readings/{identifier}/decisions")
def decisions(request: Request, response: Response, person: Reader, identifier: int) -> dict[str, Any]:
    """List the decisions on a reading."""
    archive = workbench_of(request).archive
    reading = stored_reading(archive, identifier)
    response.headers["ETag"] = etag(len(reading.decisions))
    return {"revision": len(reading.decisions), "decisions": decisions_json(reading, person)}


@router.post("/api/readings/{identifier}/decisions", status_code=201)
def decide(
    request: Request,
    response: Response,
    person: Decider,
    identifier: int,
    decision: Decision,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Record a decision beside the others."""
    workbench = workbench_of(request)
    seen = _seen(if_match)
    reading = stored_reading(workbench.archive, identifier)
    withheld = is_withheld(reading, person)
    finding = _finding(reading, decision, withheld)
    try:
        revision = record_decision(
            workbench.archive,
            reading.id,
            person=person.name,
            finding=finding,
            note=decision.note,
            # Who saw the answer before asking for blinding is not blinded.
            blinded=withheld and person.name not in first_views(reading),
            seen_revision=seen,
        )
    except ArchiveError as error:
        raise _meanwhile(workbench_of(request).archive, reading.id, person) from error
    response.headers["ETag"] = etag(revision)
    reading = stored_reading(workbench.archive, reading.id)
    body = reading_json(workbench, reading, person, language_of(request))
    return {"revision": body["revision"], "decisions": body["decisions"], "reading": body}


def _seen(if_match: str | None) -> int:
    if if_match is None:
        raise Problem(428, "revision_required")
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise Problem(428, "revision_required")
    return int(match[1])


def _finding(reading: StoredReading, decision: Decision, withheld: bool) -> Finding:
    """Return the final finding of a decision. Raises Problem where it is contradictory."""
    if decision.decision != "finding" and withheld:
        raise Problem(409, "withheld")
    answered = reading.body["finding"]
    if decision.decision == "agree":
        if answered is None:
            raise Problem(409, "no_finding")
        if decision.finding not in (None, answered):
            raise _invalid("differs from the reading's; disagree instead")
        return Finding(answered)
    if decision.finding is None:
        raise _invalid("is missing: say which finding it is")
    if decision.decision == "disagree" and decision.finding == answered:
        raise _invalid("is the reading's own; agree instead")
    return decision.finding


def _invalid(message: str) -> Problem:
    return Problem(422, "invalid", errors=[{"field": "finding", "message": message}])


def _meanwhile(archive: Any, identifier: int, person: Person) -> Problem:
    reading = stored_reading(archive, identifier)
    decided = decisions_json(reading, person)
    return Problem(412, "decided_meanwhile", revision=len(reading.decisions), decisions=decided)
