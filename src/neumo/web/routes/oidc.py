"""Logging in with an account elsewhere (OpenID Connect)."""

import json
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from neumo.web.config import OidcConfig
from neumo.web.http.problems import Problem
from neumo.web.people.accounts import new_session
from neumo.web.people.identity import set_cookie
from neumo.web.people.oidc import Attempt, begin, finish
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["session"])
_COOKIE = "neumo_elsewhere"
_PATH = "/api/session/oidc"
_SECONDS = 600


@router.get(_PATH, response_class=RedirectResponse, status_code=303)
def leave(request: Request) -> Response:
    """Send the browser to the provider."""
    workbench = workbench_of(request)
    address, attempt = begin(_config(workbench), _back(request))
    response = RedirectResponse(address, 303)
    # Lax, since it is the provider's page that sends the browser back.
    response.set_cookie(
        _COOKIE,
        _signer(workbench).dumps(json.dumps(asdict(attempt))),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path=_PATH,
    )
    return response


@router.get(f"{_PATH}/callback", response_class=RedirectResponse, status_code=303)
def come_back(request: Request) -> Response:
    """Begin a session for whom the provider knows, where that person was added here."""
    workbench = workbench_of(request)
    config = _config(workbench)
    name = finish(config, _back(request), _attempt(request), request.query_params)
    secret = new_session(workbench.accounts, name, workbench.config.sessions.hours)
    if secret is None:
        raise Problem(403, "unknown_person")
    response = RedirectResponse("/", 303)
    set_cookie(response, request, secret)
    response.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax")
    return response


def _config(workbench: Workbench) -> OidcConfig:
    if workbench.config.oidc is None or not workbench.login:
        raise Problem(404, "not_found")
    return workbench.config.oidc


def _attempt(request: Request) -> Attempt:
    try:
        kept = _signer(workbench_of(request)).loads(request.cookies.get(_COOKIE, ""), max_age=_SECONDS)
    except BadSignature as error:
        raise Problem(401, "elsewhere_failed") from error
    return Attempt(**json.loads(kept))


def _signer(workbench: Workbench) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(workbench.key, salt="neumo elsewhere")


def _back(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}{_PATH}/callback"
