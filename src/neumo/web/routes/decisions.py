"""Routes of decisions: optimistic concurrency with ETag and If-Match; none is ever overwritten."""

import re
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from neumo.core.decision import MAX_ABNORMALITY, Conclusion, conclusion_of
from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.core.labels import outcome_of
from neumo.core.logging import fault
from neumo.core.message import Message
from neumo.records.decisions import record_decision
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.drafts import forget_draft
from neumo.web.people.identity import Decider, Person, Reader
from neumo.web.readings.blinding import is_blind, is_withheld, serve
from neumo.web.readings.presenting import decisions_json, reading_json
from neumo.web.routes.readings import etag
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["decisions"])
MAX_NOTE_LENGTH: Final = 4000
_TEXT: Final = r"^[^\x00]*$"
_TAG = re.compile(r'"r(\d{1,9})"')


class Decision(BaseModel):
    """A person's decision on a reading."""

    model_config = ConfigDict(extra="forbid")
    conclusion: Conclusion | Literal["AGREE"]
    """AGREE stands for the reading's own."""
    abnormality: Annotated[str, Field(max_length=MAX_ABNORMALITY, pattern=_TEXT)] = ""
    """Name of the abnormality; with OTHER_ABNORMAL alone."""
    note: Annotated[str, Field(max_length=MAX_NOTE_LENGTH, pattern=_TEXT)] = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if bool(self.abnormality.strip()) != (self.conclusion is Conclusion.OTHER_ABNORMAL):
            raise ValueError(
                Message("abnormality: say which one with OTHER_ABNORMAL, and leave it out otherwise")
            )
        return self


@router.get("/api/readings/{identifier}/decisions")
def decisions(request: Request, response: Response, person: Reader, identifier: int) -> dict[str, Any]:
    """List the decisions on a reading."""
    archive = workbench_of(request).archive
    (reading,) = serve(archive, [stored_reading(archive, identifier)], person)
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
    """Record a decision beside the others; who may not read readings is told its revision alone."""
    workbench = workbench_of(request)
    seen = _seen(if_match)
    reading = stored_reading(workbench.archive, identifier)
    withheld = is_withheld(reading, person)
    conclusion = _conclusion(reading, decision, withheld)
    try:
        revision = record_decision(
            workbench.archive,
            reading.id,
            person=person.name,
            conclusion=conclusion,
            abnormality=decision.abnormality,
            note=decision.note,
            blinded=is_blind(reading, person),
            verifier=None
            if person.verifier is None
            else (person.verifier.name, person.verifier.organization),
            seen_revision=seen,
        )
    except ArchiveError as error:
        raise _meanwhile(workbench_of(request).archive, reading.id, person) from error
    _forget_draft(workbench, person, reading.id)
    response.headers["ETag"] = etag(revision)
    if not person.reads:
        return {"revision": revision}
    reading = stored_reading(workbench.archive, reading.id)
    body = reading_json(workbench, reading, person, language_of(request))
    return {"revision": body["revision"], "decisions": body["decisions"], "reading": body}


def _forget_draft(workbench: Workbench, person: Person, reading: int) -> None:
    try:
        forget_draft(workbench.drafts, person.name, "decision", reading)
    except ArchiveUnavailableError as error:  # the decision is on record, and the draft goes after some days
        fault("draft_stays", error)


def _seen(if_match: str | None) -> int:
    if if_match is None:
        raise Problem(428, "revision_required")
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise Problem(428, "revision_required")
    return int(match[1])


def _conclusion(reading: StoredReading, decision: Decision, withheld: bool) -> Conclusion:
    """Return the conclusion of a decision. Raises Problem where there is nothing to agree with."""
    if isinstance(decision.conclusion, Conclusion):
        return decision.conclusion
    if withheld:
        raise Problem(409, "withheld")
    found = reading.body["prediction_set"] or ()
    agreed = conclusion_of([outcome_of(name) for name in found])
    if agreed is None:
        raise Problem(409, "undetermined" if found else "no_finding")
    return agreed


def _meanwhile(archive: Any, identifier: int, person: Person) -> Problem:
    reading = stored_reading(archive, identifier)
    # Who may only write learns that something changed, and not what.
    decided = []
    if person.reads:
        decided = decisions_json(serve(archive, [reading], person)[0], person)
    return Problem(412, "decided_meanwhile", revision=len(reading.decisions), decisions=decided)
