"""Login through an identity provider (OpenID Connect): redirect and callback."""

import json
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from neumo.web.config import OidcConfig
from neumo.web.http.problems import Problem
from neumo.web.people.accounts import new_session
from neumo.web.people.identity import set_cookie
from neumo.web.people.oidc import LoginAttempt, finish_login, start_login
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["session"])
_COOKIE = "neumo_elsewhere"
_PATH = "/api/session/oidc"
_SECONDS = 600


@router.get(_PATH, response_class=RedirectResponse, status_code=303)
def login(request: Request) -> Response:
    """Redirect the browser to the provider."""
    workbench = workbench_of(request)
    address, attempt = start_login(_config(workbench), _redirect_uri(request))
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
def callback(request: Request) -> Response:
    """Start a session for the person that the provider authenticated, where that person has an account here."""
    workbench = workbench_of(request)
    config = _config(workbench)
    name = finish_login(config, _redirect_uri(request), _attempt(request), request.query_params)
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


def _attempt(request: Request) -> LoginAttempt:
    try:
        stored = _signer(workbench_of(request)).loads(request.cookies.get(_COOKIE, ""), max_age=_SECONDS)
    except BadSignature as error:
        raise Problem(401, "elsewhere_failed") from error
    return LoginAttempt(**json.loads(stored))


def _signer(workbench: Workbench) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(workbench.key, salt="neumo elsewhere")


def _redirect_uri(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}{_PATH}/callback"
