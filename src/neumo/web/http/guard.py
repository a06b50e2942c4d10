"""What every request passes before anything else: whose name, whose page, how much; and what every answer carries."""

import asyncio
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neumo.core.logging import event
from neumo.texts.language import DEFAULT, accepted_language
from neumo.web.http.problems import Problem, TooLarge, problem_response, unexpected

_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_SMALL_BYTES: Final = 65_536
"""Enough for every request that is no upload; such a body is held in memory."""
_RETRY_SECONDS: Final = 3
_UNFINISHED: Final = (408, 413)
"""Answers to bodies of which more may come."""
_PATIENCE: Final = 30.0
"""Seconds in which the body of such a request must have come."""
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


class Guard:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app : ASGI application
    known_host : function of str
        Whether the server goes by a name (see `host_check`).
    uploads : mapping of str to int
        Paths that radiographs are sent to, and the largest body there; what goes on beyond it is not read.
    at_once : int
        Requests under way; further ones are told to come back.
    patience : float
        Seconds in which the body of any other request must have come.
    """

    def __init__(
        self,
        app: ASGIApp,
        known_host: Callable[[str], bool],
        uploads: Mapping[str, int],
        at_once: int,
        patience: float = _PATIENCE,
    ) -> None:
        self._app, self._known_host, self._uploads = app, known_host, uploads
        self._at_once, self._under_way = at_once, 0
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, answered = time.perf_counter(), 0
        limit = self._uploads.get(scope["path"])
        body = _Body(receive, limit or _SMALL_BYTES, None if limit else self._patience)

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
                headers = MutableHeaders(scope=message)
                _complete(headers, scope)
                if not body.complete and (
                    answered in _UNFINISHED or "transfer-encoding" in Headers(scope=scope)
                ):
                    headers["Connection"] = (
                        "close"  # else whoever sends without end is listened to without end
                    )
            await send(message)

        async def refuse(problem: Problem) -> None:
            language = accepted_language(Headers(scope=scope).get("accept-language", "")) or DEFAULT
            await problem_response(problem, language)(scope, receive, send_with_headers)

        self._under_way += 1
        try:
            problem = self._problem(scope, limit or _SMALL_BYTES)
            if problem is None:
                await self._app(scope, body.receive, send_with_headers)
            else:
                await refuse(problem)
        except Exception as error:
            # Raised on, the server would print its words, which may name a patient.
            problem = unexpected(error)
            if not answered:
                await refuse(problem)
        finally:
            self._under_way -= 1
            _log(scope, answered, time.perf_counter() - began)

    def _problem(self, scope: Scope, limit: int) -> Problem | None:
        if self._under_way > self._at_once:
            return Problem(503, "overloaded", retry_after=_RETRY_SECONDS)
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._known_host(hosts[0]):
            return Problem(421, "wrong_host")
        changes = scope["method"] not in _SAFE
        if _made_by_another_site(headers, scope) if changes else _embedded_elsewhere(headers, scope):
            return Problem(403, "cross_site")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal():
            return Problem(400, "bad_request")
        if len(length) > 18 or int(length) > limit:
            return Problem(413, "too_large", limit=limit)
        return None


def host_check(host: str, loopback: bool, names: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that says whether a Host header names this server.

    A page of another site can make its own name resolve to this machine (DNS rebinding), so names must be known. It
    cannot do that with a bare address; on loopback only loopback addresses are meant all the same.
    """
    known = {name.lower() for name in (host, *names)} | ({"localhost"} if loopback else set())

    def is_known(header: str) -> bool:
        try:
            name = urlsplit(f"//{header}").hostname or ""
            _ = urlsplit(f"//{header}").port
        except ValueError:
            return False
        if name in known:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not loopback

    return is_known


def _made_by_another_site(headers: Headers, scope: Scope) -> bool:
    """Whether a browser says that another origin's page made the request; what is no browser says nothing."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OWN_PAGES
    origin = headers.get("origin")
    return origin is not None and origin != f"{scope['scheme']}://{headers.get('host')}"


def _embedded_elsewhere(headers: Headers, scope: Scope) -> bool:
    """Whether another origin's page asks the API behind a person's back; links from elsewhere are followed.

    It could not see the answer, but an answer that is sent counts as shown, and costs work.
    """
    site = headers.get("sec-fetch-site")
    if site is None or site in _OWN_PAGES or not scope["path"].startswith("/api/"):
        return False
    return headers.get("sec-fetch-mode") != "navigate"


class _Body:
    """A request's body up to a limit in bytes, which must have come within `patience` seconds of the first look."""

    def __init__(self, receive: Receive, limit: int, patience: float | None) -> None:
        self._receive, self._limit, self._patience = receive, limit, patience
        self._deadline: float | None = None
        self._taken = 0
        self.complete = False

    async def receive(self) -> Message:
        """Return the next part."""
        try:
            async with asyncio.timeout_at(self._until()):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408) from error
        self.complete = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            raise TooLarge(self._limit)
        return message

    def _until(self) -> float | None:
        if self.complete or self._patience is None:
            return None
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._patience
        return self._deadline


def _complete(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    # Only files that belong to neumo may stay in a browser's store; readings may not.
    headers.setdefault("Cache-Control", "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _log(scope: Scope, status: int, seconds: float) -> None:
    """Log a request by its route: what a query searches for, or a made-up path says, may name a patient."""
    route = getattr(scope.get("route"), "path", "")
    if route == "/healthz" and status == 200:
        return
    event("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
