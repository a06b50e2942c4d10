"""Route of the live worklist: server-sent events that say which readings changed, and nothing of what they say."""

import random
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from neumo.web.http.event_stream import EVENT_STREAM, KEEP_OPEN, QUIET_SECONDS, event, event_stream
from neumo.web.people.identity import Reader, is_still_authorized
from neumo.web.readings.live import Listener, LiveWorklist
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["readings"])
_MAX_SEQUENCE = 2**31 - 1
_RECONNECT_MS = (2000, 8000)
"""Each page waits for another time, so that a restarted server is not asked by all of them at once."""


@router.get("/api/readings/changes", response_class=StreamingResponse, responses=EVENT_STREAM)
async def changes(
    request: Request,
    person: Reader,
    after: Annotated[int | None, Query(ge=0, le=_MAX_SEQUENCE)] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """Stream the numbers of readings that are recorded, decided on or purged, from now or a place in the log on."""
    live = workbench_of(request).live
    place = (
        int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else after
    )
    listener = await live.join(person.name, None if place is None else min(place, _MAX_SEQUENCE))
    return event_stream(_events(request, live, listener))


async def _events(request: Request, live: LiveWorklist, listener: Listener) -> AsyncIterator[str]:
    """Yield changes until the page leaves, the server stops, or the person has logged out or lost the permission."""
    try:
        yield f"retry: {random.randint(*_RECONNECT_MS)}\n\n"
        while True:
            found = await listener.next(QUIET_SECONDS)
            if live.stopped or not await is_still_authorized(request):
                return
            if not found.complete:
                yield event("reset", {}, found.sequence)
            elif found.readings:
                yield event("changed", {"readings": sorted(found.readings)}, found.sequence)
            else:
                yield KEEP_OPEN
    finally:
        live.leave(listener)
