"""Routes of a person's own drafts, for browsers that cannot encrypt what they would keep."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from neumo.records.schema import MAX_NUMBER
from neumo.records.stored_reading import stored_reading
from neumo.web.http.problems import Problem
from neumo.web.people.drafts import MAX_TEXT, drafts_of, forget_draft, keep_draft
from neumo.web.people.identity import CurrentPerson, Person
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["session"])
Kind = Literal["decision", "reason"]
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER)]


class Draft(BaseModel):
    """Content of a draft, opaque to the server and returned unchanged."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


@router.get("/api/drafts")
def drafts(request: Request, person: CurrentPerson) -> dict[str, Any]:
    """List this person's own drafts; not allowed with an API token."""
    found = drafts_of(workbench_of(request).drafts, _own(person))
    return {
        "drafts": [
            {"kind": kind, "reading": reading, "text": text} for (kind, reading), text in found.items()
        ]
    }


@router.put("/api/drafts/{kind}/{reading}", status_code=204)
def keep(request: Request, person: CurrentPerson, kind: Kind, reading: Number, draft: Draft) -> None:
    """Store a draft about a reading in place of the one before, until the decision, for a week at most."""
    workbench, name = workbench_of(request), _own(person)
    if stored_reading(workbench.archive, reading).purged:
        raise Problem(410, "purged")
    keep_draft(workbench.drafts, name, kind, reading, draft.text)


@router.delete("/api/drafts/{kind}/{reading}", status_code=204)
def forget(request: Request, person: CurrentPerson, kind: Kind, reading: Number) -> None:
    """Delete a draft, if there is one."""
    forget_draft(workbench_of(request).drafts, _own(person), kind, reading)


def _own(person: Person) -> str:
    """Return the name of a person who is there. Raises Problem for a program."""
    if not person.csrf_token:
        raise Problem(403, "not_allowed")
    return person.name
