"""Middleware: host and origin checks, limits on body size, body time and concurrency, security headers, access log."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neumo.core.logging import event
from neumo.texts.language import DEFAULT, Language, accepted_language
from neumo.web.http.problems import Problem, TooLarge, pool_problem, problem_response, unexpected
from neumo.worker.reader_pool import PoolBusyError, PoolStoppedError

_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_SMALL_BYTES: Final = 65_536
"""Limit of a body that is no upload; it is held in memory."""
_RETRY_SECONDS: Final = 3
_UNFINISHED: Final = (408, 413)
"""Statuses of answers that are sent before the body has ended."""
_BODY_TIMEOUT: Final = 30.0
"""Timeout in seconds of a body that is no upload."""
_OWN_PAGES: Final = ("same-origin", "none")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityMiddleware:
    """ASGI middleware around the whole application: request checks and limits, security headers, access log.

    Parameters
    ----------
    app : ASGI application
    known_host : function of str
        Whether a Host header names this server (see `neumo.core.hosts`).
    uploads : mapping of str to int
        Paths of uploads, and the size limit of a body there in bytes.
    require_room : mapping of str to function
        By path, a check that raises PoolBusyError or PoolStoppedError where the queue is full; a POST is then refused
        before authentication and before its body is read, so that a flood of refusals costs little.
    max_requests : int
        Concurrent requests; further ones get 503.
    language : Language
        Language of refusals where Accept-Language names none.
    body_timeout : float
        Seconds in which the whole body of any other request must arrive.
    """

    def __init__(
        self,
        app: ASGIApp,
        known_host: Callable[[str], bool],
        *,
        uploads: Mapping[str, int],
        require_room: Mapping[str, Callable[[], object]],
        max_requests: int,
        language: Language = DEFAULT,
        body_timeout: float = _BODY_TIMEOUT,
    ) -> None:
        self._app, self._known_host = app, known_host
        self._uploads, self._require_room = uploads, require_room
        self._max_requests, self._active = max_requests, 0
        self._language = language
        self._body_timeout = body_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, answered = time.perf_counter(), 0
        limit = self._uploads.get(scope["path"])
        body = _Body(receive, limit or _SMALL_BYTES, None if limit else self._body_timeout)

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
                headers = MutableHeaders(scope=message)
                _add_security_headers(headers, scope)
                chunked = "transfer-encoding" in Headers(scope=scope)
                if not body.complete and (chunked or answered in _UNFINISHED):
                    # Otherwise uvicorn would go on reading an endless body.
                    headers["Connection"] = "close"
            await send(message)

        async def refuse(problem: Problem) -> None:
            language = accepted_language(Headers(scope=scope).get("accept-language", "")) or self._language
            await problem_response(problem, language)(scope, receive, send_with_headers)

        self._active += 1
        try:
            problem = self._problem(scope, limit or _SMALL_BYTES) or self._lack_of_room(scope)
            if problem is None:
                await self._app(scope, body.receive, send_with_headers)
            else:
                await refuse(problem)
        except Exception as error:
            # Raised further, uvicorn would log its message, which may name a patient.
            problem = unexpected(error)
            if not answered:
                await refuse(problem)
        finally:
            self._active -= 1
            _log(scope, scope["path"] if limit else "", answered, time.perf_counter() - began)

    def _problem(self, scope: Scope, limit: int) -> Problem | None:
        if self._active > self._max_requests:
            return Problem(503, "overloaded", retry_after=_RETRY_SECONDS)
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._known_host(hosts[0]):
            return Problem(421, "wrong_host")
        changes = scope["method"] not in _SAFE
        if _is_cross_site_change(headers, scope) if changes else _is_cross_site_read(headers, scope):
            return Problem(403, "cross_site")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal():
            return Problem(400, "bad_request")
        if len(length) > 18 or int(length) > limit:
            return Problem(413, "too_large", limit=limit)
        return None

    def _lack_of_room(self, scope: Scope) -> Problem | None:
        require = self._require_room.get(scope["path"]) if scope["method"] == "POST" else None
        if require is None:
            return None
        try:
            require()
        except (PoolBusyError, PoolStoppedError) as error:
            return pool_problem(error)
        return None


def _is_cross_site_change(headers: Headers, scope: Scope) -> bool:
    """Whether a browser states (Sec-Fetch-Site, Origin) that another origin's page made the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OWN_PAGES
    origin = headers.get("origin")
    return origin is not None and origin != f"{scope['scheme']}://{headers.get('host')}"


def _is_cross_site_read(headers: Headers, scope: Scope) -> bool:
    """Whether another origin's page embeds a request to the API, be it in a frame; links from other sites are followed.

    It could not see the answer, but an answer that is sent counts as shown, and costs work.
    """
    site = headers.get("sec-fetch-site")
    if site is None or site in _OWN_PAGES or not scope["path"].startswith("/api/"):
        return False
    return headers.get("sec-fetch-mode") != "navigate" or headers.get("sec-fetch-dest") != "document"


class _Body:
    """A request's body with a size limit in bytes, and a timeout in seconds from the first `receive`."""

    def __init__(self, receive: Receive, limit: int, timeout: float | None) -> None:
        self._receive, self._limit, self._timeout = receive, limit, timeout
        self._deadline: float | None = None
        self._taken = 0
        self.complete = False

    async def receive(self) -> Message:
        """Return the next part."""
        try:
            async with asyncio.timeout_at(self._deadline_of_body()):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408) from error
        self.complete = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            raise TooLarge(self._limit)
        return message

    def _deadline_of_body(self) -> float | None:
        if self.complete or self._timeout is None:
            return None
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout
        return self._deadline


def _add_security_headers(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    # Browsers may cache static files only, never readings.
    headers.setdefault("Cache-Control", "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _log(scope: Scope, upload: str, status: int, seconds: float) -> None:
    """Log a request by its route: what a query searches for, or a made-up path says, may name a patient."""
    route = getattr(scope.get("route"), "path", upload)
    if route == "/healthz" and status == 200:
        return
    event("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
