"""Login, logout and a person's preferences."""

from dataclasses import asdict
from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

import neumo
from neumo.core.decision import MAX_ABNORMALITY
from neumo.core.hosts import network_of
from neumo.imaging.limits import MAX_PIXELS
from neumo.texts.language import LANGUAGES, Language
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.people.accounts import Preferences, begin_session, end_session, is_user, set_preferences
from neumo.web.people.identity import (
    COOKIE,
    CurrentPerson,
    Person,
    current_person,
    draft_key,
    session_secret,
    set_cookie,
)
from neumo.web.research.runs import research_missing
from neumo.web.routes.decisions import MAX_NOTE_LENGTH
from neumo.web.workbench import Workbench, workbench_of

router = APIRouter(tags=["session"])


class Credentials(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class PreferenceChanges(BaseModel):
    """Changes of preferences; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    language: Language | None = None
    blinded: bool | None = None


@router.post("/api/session")
async def log_in(request: Request, response: Response, credentials: Credentials) -> dict[str, Any]:
    """Log in: start a session and set its cookie."""
    workbench = workbench_of(request)
    if not workbench.login:
        raise Problem(404, "not_found")
    address = network_of(request.client.host if request.client else "")
    secret = await workbench.password_checks.run(lambda: _checked(workbench, credentials, address))
    set_cookie(response, request, secret)
    return await run_in_threadpool(
        lambda: _me(workbench, current_person(_with_session(request, secret)), request)
    )


def _checked(workbench: Workbench, credentials: Credentials, address: str) -> str:
    """Return the secret of a new session. Raises Problem."""
    name_key, address_key = keys = (f"name {credentials.name}", f"address {address}")
    wait = workbench.login_limiter.seconds_to_wait(*keys)
    if wait > 0:
        seconds = round(wait) + 1
        raise Problem(429, "too_many_attempts", retry_after=seconds, seconds=seconds)
    hours = workbench.config.sessions.hours
    # Counted before the password is checked, so that attempts side by side are counted, too.
    known = is_user(workbench.accounts, credentials.name)
    workbench.login_limiter.record_failure(
        *((address_key,) if known else keys), user=name_key if known else None
    )
    secret = begin_session(workbench.accounts, credentials.name, credentials.password, hours)
    if secret is None:
        raise Problem(401, "wrong_password")
    workbench.login_limiter.reset(name_key)
    workbench.login_limiter.take_back(address_key)
    return secret


@router.delete("/api/session", status_code=204)
def log_out(request: Request, response: Response, _person: CurrentPerson) -> None:
    """Log out: delete the session on the server and its cookie."""
    secret = session_secret(request)
    if secret:
        end_session(workbench_of(request).accounts, secret)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/api/me")
def me(request: Request) -> dict[str, Any]:
    """Return the current person, and everything that a page needs to start."""
    try:
        person = current_person(request)
    except Problem as problem:
        if problem.code == "not_logged_in":
            problem.members = {
                "language": language_of(request),
                "languages": list(LANGUAGES),
                "version": neumo.__version__,
                "oidc": workbench_of(request).config.oidc is not None,
            }
        raise
    return _me(workbench_of(request), person, request)


@router.patch("/api/me")
def change_preferences(request: Request, person: CurrentPerson, changes: PreferenceChanges) -> dict[str, Any]:
    """Change the person's preferences; not allowed with an API token."""
    if not person.csrf_token:
        raise Problem(403, "not_allowed")
    workbench, given = workbench_of(request), changes.model_fields_set
    if "blinded" in given and workbench.config.blinded == "always":
        raise Problem(403, "not_allowed")
    before = person.preferences
    wanted = Preferences(
        changes.language if "language" in given else before.language,
        bool(changes.blinded) if "blinded" in given else before.blinded,
    )
    set_preferences(workbench.accounts, person.name, wanted)
    return _me(workbench, current_person(request), request)


def _with_session(request: Request, secret: str) -> Request:
    """Return the browser's next request, with its session cookie."""
    response = Response()
    set_cookie(response, request, secret)
    cookie = response.headers["set-cookie"].partition(";")[0].encode()
    return Request({**request.scope, "method": "GET", "headers": [(b"cookie", cookie)]})


def _me(workbench: Workbench, person: Person, request: Request) -> dict[str, Any]:
    config, bundle = workbench.config, workbench.bundle.config
    missing = research_missing(config.runs)
    return {
        "person": person.name,
        "roles": [person.role.value],
        "login": workbench.login,
        "language": person.preferences.language or language_of(request),
        "languages": list(LANGUAGES),
        "csrf_token": person.csrf_token,
        "draft_key": draft_key(workbench, person),
        "version": neumo.__version__,
        "blinded": person.blinded,
        "blinded_by_server": config.blinded == "always",
        "sees_patients": person.sees_patients,
        "decides": person.decides,
        "verifies": None if person.verifier is None else asdict(person.verifier),
        "pacs": None if config.send.to is None else config.send.to.name,
        "prevalence": config.read.prevalence,
        "features": {"research": missing is None, **_features()},
        "research_missing": missing,
        "limits": {
            "file_bytes": config.limits.file_bytes,
            "request_bytes": config.limits.request_bytes,
            "files": config.limits.files,
            "pixels": MAX_PIXELS,
            "note_characters": MAX_NOTE_LENGTH,
            "abnormality_characters": MAX_ABNORMALITY,
        },
        "bundle": {
            "name": bundle.name,
            "version": bundle.version,
            "digest": workbench.bundle.digest,
            "image_size": bundle.image_size,
            "field_of_view": bundle.field_of_view,
            "priors": bundle.priors,
            "class_maps": bundle.class_maps,
            "explanation_checks": bundle.explanation_checks,
        },
        "operating_points": [
            {
                "name": name,
                "threshold": point.threshold,
                "rule": point.rule,
                "default": name == bundle.default_operating_point,
            }
            for name, point in bundle.operating_points.items()
        ],
        "coverages": list(bundle.conformal),
        "coverage": config.read.coverage,
        "retention_days": config.retention.pixels_days,
    }


def _features() -> dict[str, bool]:
    """Return which results can be made with the installed extras."""
    dicom = find_spec("highdicom") is not None
    return {
        "sr": dicom,
        "sc": dicom and find_spec("font_source_sans_pro") is not None,
        "fhir": dicom and find_spec("fhir") is not None,
        "pdf": find_spec("reportlab") is not None,
        "parquet": find_spec("pyarrow") is not None,
    }
