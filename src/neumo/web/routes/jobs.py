"""Routes of jobs: state, cancellation, server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from neumo.texts.language import Language
from neumo.web.http.languages import language_of
from neumo.web.people.identity import Uploader, is_still_authorized
from neumo.web.readings.jobs import Job
from neumo.web.readings.presenting import job_file_json, job_json
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["jobs"])
_QUIET_SECONDS = 15.0


@router.get("/api/jobs/{identifier}")
async def job(request: Request, person: Uploader, identifier: str) -> dict[str, Any]:
    """Return the state of a job."""
    found = workbench_of(request).jobs.find(identifier, person.name)
    return job_json(found, language_of(request))


@router.delete("/api/jobs/{identifier}")
async def cancel(request: Request, person: Uploader, identifier: str) -> dict[str, Any]:
    """Cancel the files that are not read yet."""
    jobs = workbench_of(request).jobs
    found = jobs.find(identifier, person.name)
    jobs.cancel(found)
    return job_json(found, language_of(request))


@router.get(
    "/api/jobs/{identifier}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(request: Request, person: Uploader, identifier: str) -> StreamingResponse:
    """Stream each file's changes as server-sent events."""
    found = workbench_of(request).jobs.find(identifier, person.name)
    stream = _events(request, found, language_of(request))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(request: Request, job: Job, language: Language) -> AsyncIterator[str]:
    """Yield a job's events to its end, or until the person has logged out or lost the permission."""
    yield _event("job", job_json(job, language))
    async for file in job.events(_QUIET_SECONDS):
        if not await is_still_authorized(request):
            return
        yield ": still here\n\n" if file is None else _event("file", job_file_json(file, language))
    if await is_still_authorized(request):
        yield _event("end", job_json(job, language))


def _event(name: str, value: dict[str, Any]) -> str:
    """Return one server-sent event (HTML standard, section 9.2)."""
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"
