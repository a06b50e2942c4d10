"""Authentication and authorization of requests: session cookie, CSRF token, bearer token, roles and scopes."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, Signer
from starlette.concurrency import run_in_threadpool

from neumo.web.http.problems import Problem
from neumo.web.people.accounts import (
    Preferences,
    Role,
    Scope,
    User,
    has_users,
    is_over,
    preferences,
    user_of_session,
    user_of_token,
)
from neumo.web.people.cache import Lookup, NotCached
from neumo.web.people.verifier import Verifier
from neumo.web.workbench import Workbench, workbench_of

COOKIE: Final = "neumo_session"
LOCAL: Final = User("local", Role.ADMIN)
"""The administrator that everybody is on a loopback server without user accounts."""
_SAFE: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Person:
    """The authenticated person of a request.

    Attributes
    ----------
    name : str
    role : Role
    scopes : frozenset of Scope
        All of them, unless a token asks that has fewer.
    preferences : Preferences
    csrf_token : str
        Required in the header of requests that change something; "" for programs with a token.
    blinded : bool
        Whether answers are withheld from this person until decided.
    sees_patients : bool
        Whether this person is told whose radiographs they are.
    verifier : Verifier or None
        Under which name this person verifies reports; None without that right.
    """

    name: str
    role: Role
    scopes: frozenset[Scope]
    preferences: Preferences
    csrf_token: str
    blinded: bool
    sees_patients: bool = False
    verifier: Verifier | None = None

    @property
    def reads(self) -> bool:
        """Whether this person may view all readings and decisions (scope `readings:read`)."""
        return Scope.READINGS_READ in self.scopes

    @property
    def decides(self) -> bool:
        """Whether this person may record decisions (scope `decisions:write`); researchers may not."""
        return self.role is not Role.RESEARCHER and Scope.DECISIONS_WRITE in self.scopes


def current_person(request: Request) -> Person:
    """Return the person of a request. Raises Problem without valid credentials or without the session's CSRF token."""
    return _person(request, workbench_of(request).accounts_cache.find)


async def _current_person(request: Request) -> Person:
    """Return the person of a request; on the event loop on a cache hit, else on a thread."""
    try:
        return _person(request, workbench_of(request).accounts_cache.in_memory())
    except NotCached:
        return await run_in_threadpool(current_person, request)


async def is_still_authorized(request: Request) -> bool:
    """Whether a request's session or token is still valid, long after a streamed answer began."""
    try:
        await _current_person(request)
    except Problem:
        return False
    return True


def _person(request: Request, lookup: Lookup) -> Person:
    workbench = workbench_of(request)
    accounts = workbench.accounts
    scopes = frozenset(Scope)
    secret, csrf = "", ""
    bearer = _bearer(request)
    if bearer is not None:
        found = lookup(("token", bearer), lambda: user_of_token(accounts, bearer))
        if found is None:
            raise Problem(401, "bad_token")
        user, scopes = found
    elif workbench.always_login or lookup(("anybody",), lambda: has_users(accounts)):
        secret = session_secret(request) or ""
        known = lookup(("session", secret), lambda: user_of_session(accounts, secret)) if secret else None
        if known is None or is_over(known[1], workbench.config.sessions.hours):
            raise Problem(401, "not_logged_in")
        user, csrf = known[0], csrf_token(workbench, secret)
    else:
        user, csrf = LOCAL, csrf_token(workbench, "local")
    wanted = lookup(("preferences", user.name), lambda: preferences(accounts, user.name))
    request.state.language = wanted.language
    if secret and request.method not in _SAFE:
        given = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(given.encode(), csrf.encode()):
            raise Problem(403, "csrf")
    blinded = wanted.blinded or workbench.config.blinded == "always"
    sees_patients = workbench.config.patients == "shown" and user.role is not Role.RESEARCHER
    verifier = user.verifier if Scope.REPORTS_VERIFY in scopes else None
    return Person(user.name, user.role, scopes, wanted, csrf, blinded, sees_patients, verifier)


CurrentPerson = Annotated[Person, Depends(_current_person)]


# These call `_current_person` instead of depending on it: FastAPI takes longer to resolve one more dependency.
async def reader(request: Request) -> Person:
    """Require the right to see readings."""
    return _require_scope(await _current_person(request), Scope.READINGS_READ)


async def uploader(request: Request) -> Person:
    """Require the right to have radiographs read."""
    return _require_scope(await _current_person(request), Scope.READINGS_WRITE)


async def decider(request: Request) -> Person:
    """Require the right to decide, which researchers do not have."""
    person = await _current_person(request)
    if not person.decides:
        raise Problem(403, "not_allowed")
    return person


async def verifying(request: Request) -> Person:
    """Require the right to verify reports."""
    person = await _current_person(request)
    if person.verifier is None:
        raise Problem(403, "not_allowed")
    return person


async def researcher(request: Request) -> Person:
    """Require the right to see runs."""
    person = await _current_person(request)
    if person.role is Role.READER:
        raise Problem(403, "not_allowed")
    return _require_scope(person, Scope.RESEARCH_READ)


async def administrator(request: Request) -> Person:
    """Require an administrator with a browser session; a token cannot accept a bundle for a hospital."""
    person = await _current_person(request)
    if person.role is not Role.ADMIN or not person.csrf_token:
        raise Problem(403, "not_allowed")
    return person


Administrator = Annotated[Person, Depends(administrator)]
Reader = Annotated[Person, Depends(reader)]
Uploader = Annotated[Person, Depends(uploader)]
Decider = Annotated[Person, Depends(decider)]
Verifying = Annotated[Person, Depends(verifying)]
Researcher = Annotated[Person, Depends(researcher)]


def csrf_token(workbench: Workbench, secret: str) -> str:
    """Return the CSRF token of a session."""
    return hmac.new(workbench.key, b"csrf " + secret.encode(), hashlib.sha256).hexdigest()


def draft_key(workbench: Workbench, person: Person) -> str | None:
    """Return the key under which a person's browser encrypts what was typed and not sent; None for programs."""
    if not person.csrf_token:
        return None
    return hmac.new(workbench.key, b"drafts " + person.name.encode(), hashlib.sha256).hexdigest()


def session_secret(request: Request) -> str | None:
    """Return the secret in the session cookie; None without a cookie, or with one that this server did not sign."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    workbench = workbench_of(request)
    try:
        return _signer(workbench).unsign(cookie).decode()
    except BadSignature:
        return None


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Set the session cookie, signed."""
    workbench = workbench_of(request)
    response.set_cookie(
        COOKIE,
        _signer(workbench).sign(secret).decode(),
        max_age=round(workbench.config.sessions.hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )


def _signer(workbench: Workbench) -> Signer:
    """Sign without a time: the database says when a session ends, and a clock that was set back would refuse all."""
    return Signer(workbench.key, salt="neumo session", digest_method=hashlib.sha256)


def _bearer(request: Request) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def _require_scope(person: Person, scope: Scope) -> Person:
    if scope not in person.scopes:
        raise Problem(403, "not_allowed")
    return person
