"""Uploading, the worklist, and one reading."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from neumo.core.findings import Finding
from neumo.core.reading import Status
from neumo.texts.language import Language
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Person, Reader, Uploader, reader
from neumo.web.readings import worklist
from neumo.web.readings.intake import Taken
from neumo.web.readings.presenting import job_json, kept_json, list_item, reading_json, reasons_json
from neumo.web.readings.recorder import SOURCE
from neumo.web.readings.uploads import Upload, receive_uploads
from neumo.web.readings.worklist import COUNTED, Filters, Row
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["readings"])
LARGEST_ID = 2**31 - 1
Identifier = Annotated[int, Query(ge=1, le=LARGEST_ID)]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/png", "image/jpeg", "application/dicom", "application/octet-stream")
            },
        },
    }
}


@router.post(
    "/api/readings",
    openapi_extra=_BODY,
    status_code=201,
    responses={200: {"description": "Read before"}, 202: {"description": "A job"}},
)
async def upload(
    request: Request,
    person: Uploader,
    background: Annotated[Literal["0", "1"], Query(alias="async")] = "0",
) -> Response:
    """Have radiographs read: one is waited for, several become a job."""
    workbench = workbench_of(request)
    workbench.pool.require_room()
    uploads = await receive_uploads(request, workbench.config.data / "uploads", workbench.config.limits)
    try:
        workbench.pool.take(len(uploads))
    except Problem:
        await _discard(uploads)
        raise
    if len(uploads) > 1 or background == "1":
        job = workbench.jobs.begin(uploads, person.name)
        location = {"Location": f"/api/jobs/{job.id}"}
        return JSONResponse(job_json(job, language_of(request)), 202, location)
    try:
        shown_to = None if person.blinded else person.name
        taken = await workbench.intake.take(uploads[0], person.name, shown_to=shown_to)
    finally:
        workbench.pool.give_back()
    language = language_of(request)
    recorded = taken.recorded
    if recorded is None:
        raise _unread(taken, language)
    if recorded.body is None:
        return await run_in_threadpool(_known_response, workbench, recorded.id, taken, person, language)
    # All that a new reading says is at hand, and who is shown it was put on record with it.
    row = Row(recorded.id, recorded.recorded_at, SOURCE, recorded.body, ())
    return _response(kept_json(workbench, row, taken.kept, person, language), taken)


async def _discard(uploads: Sequence[Upload]) -> None:
    for waiting in uploads:
        await run_in_threadpool(waiting.discard)


def _unread(taken: Taken, language: Language) -> Problem:
    if taken.status == "cancelled":
        return Problem(503, "stopping", retry_after=5)
    reasons = reasons_json(taken.reasons, language)
    if taken.reasons and taken.reasons[0].code == "timeout":
        return Problem(504, "timeout", reasons=reasons)
    return Problem(422, "unreadable", reasons=reasons)


def _known_response(
    workbench: Workbench, number: int, taken: Taken, person: Person, language: Language
) -> Response:
    row = worklist.row(workbench.archive, number)
    return _response(reading_json(workbench, row, person, language), taken)


def _response(body: dict[str, Any], taken: Taken) -> Response:
    headers = {"Location": f"/api/readings/{body['id']}", "ETag": etag(body["revision"])}
    return JSONResponse(body, 200 if taken.again else 201, headers)


def etag(revision: int) -> str:
    """Return the ETag of a reading after so many decisions."""
    return f'"r{revision}"'


Text = Annotated[str, Query(max_length=200)]


def filters_of(
    person: Annotated[Person, Depends(reader)],
    q: Text | None = None,
    finding: Finding | None = None,
    status: Status | None = None,
    undecided: bool | None = None,
    disagreement: bool | None = None,
    decided: bool | None = None,
    since: Annotated[Text | None, Query(alias="from")] = None,
    until: Annotated[Text | None, Query(alias="to")] = None,
    source: Text | None = None,
) -> Filters:
    """Return the filters of a query."""
    return Filters(
        text=q or None,
        finding=finding,
        status=status,
        undecided=undecided,
        disagreement=disagreement,
        decided=decided,
        since=since or None,
        until=until or None,
        source=source,
        for_person=person.name if person.blinded else None,
    )


@router.get("/api/readings")
def readings(
    request: Request,
    person: Reader,
    filters: Annotated[Filters, Depends(filters_of)],
    sort: Literal["-time", "time", "-pneumonia", "pneumonia"] = "-time",
    cursor: Annotated[str, Query(max_length=300)] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """List readings on record that match."""
    archive = workbench_of(request).archive
    page = worklist.page(archive, filters, sort=sort, cursor=cursor, limit=limit)
    number = worklist.count(archive, filters) if cursor is None else None
    return {
        "readings": [list_item(row, person) for row in page.rows],
        "next": page.next,
        "count": None if number is None else min(number, COUNTED),
        "count_is_exact": None if number is None else number <= COUNTED,
        "sources": worklist.sources(archive) if cursor is None else None,
    }


@router.get("/api/readings/{identifier}")
def reading(request: Request, response: Response, person: Reader, identifier: int) -> dict[str, Any]:
    """Show one reading; the first time that a person is shown an answer is kept."""
    workbench = workbench_of(request)
    row = worklist.row(workbench.archive, known(identifier))
    body = reading_json(workbench, row, person, language_of(request))
    response.headers["ETag"] = etag(body["revision"])
    return body


def known(identifier: int) -> int:
    """Return a number that a reading may have. Raises Problem."""
    if not 1 <= identifier <= LARGEST_ID:
        raise Problem(404, "not_found")
    return identifier
