"""Routes of jobs: state, cancellation, server-sent events."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from neumo.texts.language import Language
from neumo.web.http.event_stream import EVENT_STREAM, KEEP_OPEN, QUIET_SECONDS, event, event_stream
from neumo.web.http.languages import language_of
from neumo.web.people.identity import Person, Uploader, is_still_authorized
from neumo.web.readings.jobs import Job
from neumo.web.readings.presenting import job_file_json, job_json
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["jobs"])


@router.get("/api/jobs/{identifier}")
async def job(request: Request, person: Uploader, identifier: str) -> dict[str, Any]:
    """Return the state of a job."""
    found = workbench_of(request).jobs.find(identifier, person.name)
    return job_json(found, person, language_of(request))


@router.delete("/api/jobs/{identifier}")
async def cancel(request: Request, person: Uploader, identifier: str) -> dict[str, Any]:
    """Cancel the files that are not read yet."""
    jobs = workbench_of(request).jobs
    found = jobs.find(identifier, person.name)
    jobs.cancel(found)
    return job_json(found, person, language_of(request))


@router.get("/api/jobs/{identifier}/events", response_class=StreamingResponse, responses=EVENT_STREAM)
async def events(request: Request, person: Uploader, identifier: str) -> StreamingResponse:
    """Stream each file's changes as server-sent events."""
    found = workbench_of(request).jobs.find(identifier, person.name)
    return event_stream(_events(request, found, person, language_of(request)))


async def _events(request: Request, job: Job, person: Person, language: Language) -> AsyncIterator[str]:
    """Yield a job's events to its end, or until the person has logged out or lost the permission."""
    yield event("job", job_json(job, person, language))
    async for file in job.events(QUIET_SECONDS):
        if not await is_still_authorized(request):
            return
        yield KEEP_OPEN if file is None else event("file", job_file_json(file, person, language))
    if await is_still_authorized(request):
        yield event("end", job_json(job, person, language))
