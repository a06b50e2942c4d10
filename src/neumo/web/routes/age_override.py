"""Route of an age override: a radiograph refused for the patient's age alone is read all the same, for a reason."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from neumo.core.age_override import MAX_REASON, AgeOverride
from neumo.core.errors import ConfigError
from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.records.originals import link_or_copy, original_of, overridable
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Decider
from neumo.web.readings.own_files import new_file
from neumo.web.readings.uploaded_file import Upload
from neumo.web.routes.readings import reading_response, unread
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["readings"])


class Override(BaseModel):
    """Why the age range is overridden; stands in every result of the reading."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


@router.post("/api/readings/{identifier}/age-override", status_code=201)
async def override_age(request: Request, person: Decider, identifier: int, override: Override) -> Response:
    """Read a radiograph that was refused for the patient's age alone; the refusal stays, and this is a reading more."""
    workbench = workbench_of(request)
    try:
        reason = AgeOverride(override.reason, person.name).reason
    except ConfigError as error:
        raise Problem(422, "invalid", errors=[{"field": "reason", "message": error.message}]) from error
    with workbench.pool.place():
        refused = await run_in_threadpool(stored_reading, workbench.archive, identifier)
        upload = await run_in_threadpool(_original, workbench, refused)
        shown_to = None if person.blinded else person.name
        try:
            result = await workbench.intake.read(upload, person.name, shown_to=shown_to, override=reason)
        finally:
            await run_in_threadpool(upload.discard)
    if result.recorded is None:
        raise unread(result, language_of(request))
    if not person.reads:
        number = result.recorded.id
        return JSONResponse({"id": number}, 201, {"Location": f"/api/readings/{number}"})
    return await reading_response(workbench, result, person, language_of(request))


def _original(workbench: Workbench, reading: StoredReading) -> Upload:
    if reading.purged:
        raise Problem(410, "purged")
    if not overridable(reading.body):
        raise Problem(409, "not_refused_for_age")
    place = workbench.reading_files.path_of(reading.body)
    target = new_file(workbench.config.data / "uploads")
    try:
        if place is None:
            raise FileNotFoundError
        link_or_copy(original_of(place), target)
    except FileNotFoundError as error:
        raise Problem(410, "original_deleted") from error
    with target.open("rb") as stream:
        return Upload(target, reading.body["file"], reading.body["sha256"], stream.read(HEAD_BYTES))
