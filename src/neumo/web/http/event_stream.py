"""Server-sent events (HTML standard, section 9.2)."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi.responses import StreamingResponse

QUIET_SECONDS: Final = 15.0
"""Idle time after which a comment is sent as keep-alive, so that no proxy closes the stream."""
KEEP_OPEN: Final = ": still here\n\n"
EVENT_MEDIA: Final = "text/event-stream"
EVENT_SCHEMA: Final = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("event", "data", "id", "retry")},
}
"""OpenAPI schema of each event of a stream; `data` is JSON."""
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {EVENT_MEDIA: {"schema": EVENT_SCHEMA}}}
}
"""OpenAPI responses of a route that streams events."""


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """Return a stream that proxies do not hold back."""
    return StreamingResponse(events, media_type=EVENT_MEDIA, headers={"X-Accel-Buffering": "no"})


def event(name: str, value: dict[str, Any], identifier: int | None = None) -> str:
    """Return one event; a browser that reconnects names the last `identifier` that it got."""
    place = "" if identifier is None else f"id: {identifier}\n"
    return f"{place}event: {name}\ndata: {json.dumps(value)}\n\n"
