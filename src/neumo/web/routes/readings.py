"""Routes of uploads, the worklist, and one reading."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from neumo.core.errors import NeumoError
from neumo.records.changes import newest_sequence
from neumo.records.search import neighbours, search, sources
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.texts.language import Language
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Person, Reader, Uploader
from neumo.web.readings.blinding import searchable, serve, tells
from neumo.web.readings.group_commit import SOURCE
from neumo.web.readings.intake import UploadResult, own_reason
from neumo.web.readings.parts import Part, is_quick, parts_of
from neumo.web.readings.presenting import (
    job_json,
    list_item,
    reading_json,
    reasons_json,
    undecided_reading_json,
)
from neumo.web.readings.searching import Search, Worklist
from neumo.web.readings.uploaded_file import Upload
from neumo.web.readings.uploads import receive_uploads
from neumo.web.workbench import Workbench, workbench_of
from neumo.worker.reader_pool import ReaderPool

router = APIRouter(tags=["readings"])
MAX_COUNT = 10_000
"""Count of matches at most; more are not counted."""
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
    """Upload radiographs: one is read before the response, several become a background job."""
    workbench = workbench_of(request)
    limits = workbench.config.limits
    uploads = await receive_uploads(request, workbench.config.data / "uploads", limits, workbench.space)
    parts, places = await _admitted(workbench, uploads)
    alone = len(parts) == 1 and parts[0].archive is None and background == "0"
    if not alone:
        job = workbench.jobs.begin(parts, places, person.name)
        location = {"Location": f"/api/jobs/{job.id}"}
        return JSONResponse(job_json(job, person, language_of(request)), 202, location)
    on_record = False
    try:
        if parts[0].refused:
            raise unread(
                UploadResult("failed", reasons=(own_reason(parts[0].refused),)), language_of(request)
            )
        shown_to = None if person.blinded else person.name
        result = await workbench.intake.read(uploads[0], person.name, shown_to=shown_to)
        on_record = result.recorded is not None  # which deleted its file
    finally:
        workbench.pool.give_back()
        if not on_record:
            await run_in_threadpool(_discard, parts)
    if result.recorded is None:
        raise unread(result, language_of(request))
    return await reading_response(workbench, result, person, language_of(request))


async def _admitted(workbench: Workbench, uploads: Sequence[Upload]) -> tuple[list[Part], list[int]]:
    """Return the parts of uploads, and the places in the queue that each of them holds.

    A place is held before the first wait: otherwise everybody who comes meanwhile would find room too, and would be
    refused after all work but reading was done.
    """
    pool, config = workbench.pool, workbench.config
    await _take_places(pool, len(uploads), uploads)
    try:
        looked_at = uploads, config.limits, workbench.space
        parts = parts_of(*looked_at) if is_quick(uploads) else await run_in_threadpool(parts_of, *looked_at)
    finally:
        pool.give_back(len(uploads))
    places = [part.places(config.read.processes) for part in parts]
    await _take_places(pool, sum(places), parts)
    return parts, places


async def _take_places(pool: ReaderPool, places: int, of: Sequence[Part | Upload]) -> None:
    try:
        pool.take(places)
    except NeumoError:
        await run_in_threadpool(_discard, of)
        raise


async def reading_response(
    workbench: Workbench, result: UploadResult, person: Person, language: Language
) -> Response:
    """Return the response for a radiograph that was read and recorded, or had been before."""
    recorded = result.recorded
    assert recorded is not None
    if recorded.body is None:
        return await run_in_threadpool(_known_response, workbench, recorded.id, result, person, language)
    # A new reading needs no query: its body is at hand, and its first view was recorded with it.
    new = StoredReading.new(recorded.id, recorded.recorded_at, SOURCE, recorded.body)
    body = undecided_reading_json(
        workbench, new, person, language, answer=result.answer, found=result.content
    )
    return _response(body, result)


def _discard(parts: Sequence[Part | Upload]) -> None:
    for part in parts:
        part.discard()


def unread(result: UploadResult, language: Language) -> Problem:
    """Return the HTTP response for a file of which nothing is recorded."""
    if result.status == "cancelled":
        return Problem(503, "stopping", retry_after=5)
    return Problem(422, "unreadable", reasons=reasons_json(result.reasons, language))


def _known_response(
    workbench: Workbench, number: int, result: UploadResult, person: Person, language: Language
) -> Response:
    known = stored_reading(workbench.archive, number)
    return _response(reading_json(workbench, known, person, language), result)


def _response(body: dict[str, Any], result: UploadResult) -> Response:
    headers = {"Location": f"/api/readings/{body['id']}", "ETag": etag(body["revision"])}
    return JSONResponse(body, 200 if result.again else 201, headers)


def etag(revision: int) -> str:
    """Return the ETag of a reading after so many decisions."""
    return f'"r{revision}"'


@router.get("/api/readings")
def readings(request: Request, person: Reader, asked: Annotated[Worklist, Query()]) -> dict[str, Any]:
    """List recorded readings that match."""
    return _page(request, person, asked)


@router.post("/api/readings/search")
def search_readings(request: Request, person: Reader, asked: Search) -> dict[str, Any]:
    """List recorded readings that match, also by words that may name a patient, which no URL may hold."""
    return _page(request, person, asked)


def _page(request: Request, person: Person, asked: Worklist) -> dict[str, Any]:
    archive = workbench_of(request).archive
    filters = searchable(archive, asked.filters(person), person, asked.sort)
    first = asked.cursor is None
    sequence = (
        newest_sequence(archive) if first else None
    )  # before the search, so that what comes between is told
    page = search(
        archive,
        filters,
        sort=asked.sort,
        limit=asked.limit,
        after=asked.cursor,
        count_to=MAX_COUNT if first else None,
    )
    return {
        "readings": [list_item(shown, person) for shown in serve(archive, page.readings, person)],
        "next": page.after,
        "count": None if page.count is None else min(page.count, MAX_COUNT),
        "count_is_exact": None if page.count is None else page.count <= MAX_COUNT,
        "sources": sources(archive) if first else None,
        "sequence": sequence,
    }


@router.post("/api/readings/{identifier}/neighbours")
def reading_neighbours(
    request: Request, person: Reader, identifier: int, asked: Search
) -> dict[str, int | None]:
    """Return the readings before and after one in a worklist, which it need not match itself any more."""
    archive = workbench_of(request).archive
    filters = searchable(archive, asked.filters(person), person, asked.sort)
    stored_reading(archive, identifier)
    before, after = neighbours(archive, identifier, filters, sort=asked.sort)
    if tells(filters, asked.sort) or filters.decided:
        numbers = [number for number in (before, after) if number is not None]
        serve(archive, [stored_reading(archive, number) for number in numbers], person)
    return {"previous": before, "next": after}


@router.get("/api/readings/{identifier}")
def reading(request: Request, response: Response, person: Reader, identifier: int) -> dict[str, Any]:
    """Show one reading; the first time that a person is shown an answer is recorded."""
    workbench = workbench_of(request)
    stored = stored_reading(workbench.archive, identifier)
    body = reading_json(workbench, stored, person, language_of(request))
    response.headers["ETag"] = etag(body["revision"])
    return body
