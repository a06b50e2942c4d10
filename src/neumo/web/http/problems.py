"""Errors as RFC 9457 problems: a stable code for programs, a sentence in the person's language."""

import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from neumo.core.errors import ArchiveError, ArchiveUnavailableError, MissingExtraError
from neumo.core.faults import own_fault
from neumo.core.logging import fault
from neumo.records.filters import FilterError
from neumo.texts.catalogue import texts
from neumo.texts.language import Language
from neumo.texts.translation import told
from neumo.web.http.languages import language_of
from neumo.worker.reader_pool import PoolBusyError, PoolStoppedError

_RETRY_SECONDS, _POOL_RETRY_SECONDS, _OWN_RETRY_SECONDS = 5, 3, 10
_CODES = {
    400: "bad_request",
    401: "not_logged_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "slow",
    415: "unsupported_media_type",
}

_NO_PAGES = ("/api/", "/static/", "/texts/")
"""Beginnings of addresses at which there are no pages."""
_LOGIN_ELSEWHERE = "/api/session/oidc"
"""A person's browser is sent here by links and by the provider; what goes wrong is said on the login page."""
_PARAMETERS = {"since": "from", "until": "to", "after": "cursor"}
"""Names of filters in requests, where they differ."""


class Problem(Exception):
    """An error that becomes a problem response.

    Parameters
    ----------
    status : int
        Of HTTP.
    code : str
        Stable; its sentences are the messages of errors.
    retry_after : int, optional
        Seconds.
    members : plain values
        Further members of the answer, and what the sentence states.
    """

    def __init__(self, status: int, code: str, *, retry_after: int | None = None, **members: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.members = status, code, members
        self.retry_after = retry_after


class TooLarge(HTTPException):
    """A body beyond its size limit; an HTTPException, since FastAPI lets nothing else through while it reads a body."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


def own_problem(error: BaseException) -> Problem:
    """Return the problem of a request that this machine cannot answer now: a full disk, or another one that passes."""
    if own_fault(error) in {"disk_full", None}:
        return Problem(507, "disk_full")
    return Problem(503, "server_fault", retry_after=_OWN_RETRY_SECONDS)


def pool_problem(error: PoolBusyError | PoolStoppedError) -> Problem:
    """Return the problem of an upload for which the readers have no room."""
    code = "busy" if isinstance(error, PoolBusyError) else "stopping"
    return Problem(503, code, retry_after=_POOL_RETRY_SECONDS)


def not_installed(extra: str) -> Problem:
    """Return the problem of an extra that is not installed."""
    return Problem(501, "not_installed", extra=extra)


def problem_body(problem: Problem, language: Language) -> dict[str, Any]:
    """Return the members of a problem response."""
    members = dict(problem.members)
    if "errors" in members:
        members["errors"] = [
            {**fault, "message": told(fault["message"], language)} for fault in members["errors"]
        ]
    return {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": texts(language)(f"errors.{problem.code}", **problem.members),
        "code": problem.code,
        **members,
    }


def problem_response(problem: Problem, language: Language) -> Response:
    """Return a problem as a response."""
    headers: dict[str, str] = {"Content-Language": language}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="neumo"'
    return JSONResponse(
        problem_body(problem, language), problem.status, headers, media_type="application/problem+json"
    )


def answer_problems(app: FastAPI, missing_page: Callable[[Request], Response]) -> None:
    """Add exception handlers that turn every error into a problem response.

    Parameters
    ----------
    app : FastAPI
    missing_page : function of Request
        Returns what a browser shows at an address that there is not.
    """

    async def answer(request: Request, error: Exception) -> Response:
        problem = _problem(error, language_of(request))
        if problem.status == HTTPStatus.NOT_FOUND and _is_visit(request):
            return missing_page(request)
        if request.url.path.startswith(_LOGIN_ELSEWHERE) and _asks_for_page(request):
            return RedirectResponse(f"/login?problem={problem.code}", 303)
        return problem_response(problem, language_of(request))

    for kind in (
        Problem,
        HTTPException,
        RequestValidationError,
        ArchiveUnavailableError,
        ArchiveError,
        MissingExtraError,
        PoolBusyError,
        PoolStoppedError,
    ):
        app.add_exception_handler(kind, answer)


def _is_visit(request: Request) -> bool:
    """Whether a person's browser asks for a page, rather than a script or a program for a file."""
    return _asks_for_page(request) and not request.url.path.startswith(_NO_PAGES)


def _asks_for_page(request: Request) -> bool:
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def _problem(error: Exception, language: Language) -> Problem:
    match error:
        case Problem():
            problem = error
        case RequestValidationError():
            faults = [
                {"field": ".".join(map(str, item["loc"][1:])), "message": _value_fault(item, language)}
                for item in error.errors()
            ]
            problem = Problem(422, "invalid", errors=faults)
        case TooLarge():
            problem = Problem(413, "too_large", limit=error.limit)
        case HTTPException():
            problem = Problem(error.status_code, _CODES.get(error.status_code, "bad_request"))
        case ArchiveUnavailableError():
            problem = Problem(503, "archive_unavailable", retry_after=_RETRY_SECONDS)
        case FilterError():
            field = _PARAMETERS.get(error.key, error.key)
            problem = Problem(422, "invalid", errors=[{"field": field, "message": error.fault}])
        case ArchiveError():
            problem = Problem(404, "not_found")
        case PoolBusyError() | PoolStoppedError():
            problem = pool_problem(error)
        case MissingExtraError():
            problem = not_installed("dicom")
        case _:
            problem = unexpected(error)
    return problem


def _value_fault(item: Mapping[str, Any], language: Language) -> str:
    """Describe the fault of a value in a language; in pydantic's words where its kind is unknown."""
    raised = item.get("ctx", {}).get("error")
    if isinstance(raised, ValueError) and raised.args:
        return told(raised.args[0], language)
    try:
        return texts(language)(f"errors.values.{item['type']}", **item.get("ctx", {}))
    except KeyError:
        return str(item["msg"])


def unexpected(error: Exception) -> Problem:
    """Log an unexpected error by its type and place, and return the problem, with a reference to the log."""
    reference = secrets.token_hex(4)
    fault("request_failed", error, reference=reference)
    return Problem(500, "internal", reference=reference)
