"""Route of removing a reading that should not be on record: its content goes, the log says who removed it and why."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from neumo.records.retention import remove
from neumo.records.stored_reading import stored_reading
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Uploader
from neumo.web.readings.presenting import reading_json
from neumo.web.readings.removing import may_remove
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["readings"])


class Removal(BaseModel):
    """Why a reading is removed; a fixed vocabulary, since the log keeps it for ever."""

    model_config = ConfigDict(extra="forbid")
    reason: Literal["wrong_file", "wrong_patient", "duplicate", "no_radiograph"]


@router.post("/api/readings/{identifier}/removal")
def remove_reading(request: Request, person: Uploader, identifier: int, removal: Removal) -> dict[str, Any]:
    """Delete a reading's content, pixels and header; for whoever sent it, and administrators."""
    workbench = workbench_of(request)
    reading = stored_reading(workbench.archive, identifier)
    if not may_remove(workbench, reading, person):
        raise Problem(403, "not_yours")
    if reading.purged:
        raise Problem(410, "purged")
    file = workbench.reading_files.path_of(reading.body)
    remove(workbench.archive, identifier, actor=person.name, reason=removal.reason)
    if file is not None:
        file.unlink(missing_ok=True)
    if not person.reads:
        return {"id": identifier, "purged": True}
    removed = stored_reading(workbench.archive, identifier)
    return reading_json(workbench, removed, person, language_of(request))
