"""Problem responses of the server (RFC 9457) as exceptions of the NeumoError family."""

from collections.abc import Mapping
from typing import Any

import httpx

from neumo.client.values import decisions_of
from neumo.core.decision import Decision
from neumo.core.errors import NeumoError, UnreadableImageError


class ServerError(NeumoError, OSError):
    """A server of `neumo serve` did not do what was asked.

    Attributes
    ----------
    status : int
        Of HTTP; 0 where no answer came.
    code : str
        Stable, such as "withheld" (docs/reference/api.md); "" where the answer was no problem of neumo's.
    members : mapping of str to plain values
        The whole problem.
    """

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.members = status, code, members or {}


class ServerUnavailableError(ServerError):
    """The server cannot be reached, or was busy for longer than the client's patience."""


class AccessError(ServerError):
    """The token is missing, unknown, or lacks a scope or role."""


class MissingError(ServerError, LookupError):
    """There is no such reading or job, or its pixels have been deleted."""


class RemoteImageError(ServerError, UnreadableImageError):
    """The server could not read a file as a radiograph; `members["reasons"]` says why."""


class DecidedMeanwhileError(ServerError):
    """Somebody decided since the revision that was given; nothing was kept.

    Attributes
    ----------
    revision : int
        The one to give, if the decision still stands.
    decisions : tuple of Decision
        What has been decided until now.
    """

    revision: int = 0
    decisions: tuple[Decision, ...] = ()


_KINDS: Mapping[int, type[ServerError]] = {
    401: AccessError,
    403: AccessError,
    404: MissingError,
    410: MissingError,
    412: DecidedMeanwhileError,
    503: ServerUnavailableError,
    504: ServerUnavailableError,
}


def problem_of(response: httpx.Response) -> ServerError:
    """Return the exception of a response of status 300 or above.

    Parameters
    ----------
    response : httpx.Response
        With its body read.
    """
    members = _members(response)
    code = str(members.get("code", ""))
    kind = RemoteImageError if code == "unreadable" else _KINDS.get(response.status_code, ServerError)
    error = kind(_sentence(response, members), status=response.status_code, code=code, members=members)
    if isinstance(error, DecidedMeanwhileError):
        error.revision = int(members.get("revision", 0))
        error.decisions = decisions_of(members.get("decisions", ()))
    return error


def _members(response: httpx.Response) -> Mapping[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _sentence(response: httpx.Response, members: Mapping[str, Any]) -> str:
    request = response.request
    said = members.get("detail") or f"{response.reason_phrase}; is this the address of a neumo serve?"
    details = [str(reason.get("text")) for reason in members.get("reasons", ())]
    details += [f"{item.get('field')}: {item.get('message')}" for item in members.get("errors", ())]
    return " ".join([f"{request.method} {request.url.path}: {response.status_code}: {said}", *details])
