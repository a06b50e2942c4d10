"""The workbench's pages, its words, and the API's description for people."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.templating import Jinja2Templates

import neumo
from neumo.web.http.languages import LANGUAGES, language_of
from neumo.web.http.problems import Problem
from neumo.web.http.static_files import ALL_STYLES, scripts_of_views
from neumo.web.people.identity import current_person

ROOM = Path(str(files("neumo.web")))
router = APIRouter(include_in_schema=False)
_TEMPLATES = Jinja2Templates(ROOM / "templates")
_VIEWS: Final = {"": "reading", "readings": "reading"}
"""Views that are called otherwise than their address."""


@router.get("/")
@router.get("/worklist")
@router.get("/readings/{identifier}")
@router.get("/research")
@router.get("/bundle")
@router.get("/settings")
@router.get("/login")
def page(request: Request) -> Response:
    """Give the page that all views live in; it holds nothing about anybody."""
    with suppress(Problem):  # asked for the language alone: who is unknown is told by the API
        current_person(request)
    context = {
        "lang": language_of(request),
        "languages": LANGUAGES,
        "version": neumo.__version__,
        "styles": ALL_STYLES,
        "scripts": _scripts()[_view_at(request.url.path)],
    }
    return _TEMPLATES.TemplateResponse(request, "index.html", context)


@router.get("/texts/{language}.json")
def texts(request: Request, language: str) -> Response:
    """Give the words of the pages."""
    if language not in LANGUAGES:
        raise Problem(404, "not_found")
    words = _texts(language)
    tag = f'"{hashlib.sha256(repr(words).encode()).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return JSONResponse(words, headers=headers)


@router.get("/api/docs")
def docs(request: Request) -> Response:
    """Describe the API for people, without scripts."""
    described = request.app.openapi()
    return _TEMPLATES.TemplateResponse(
        request, "api_docs.html", {"described": described, "lang": "en", "version": neumo.__version__}
    )


def _view_at(path: str) -> str:
    first = path.split("/")[1]
    return _VIEWS.get(first, first)


@cache
def _scripts() -> Mapping[str, tuple[str, ...]]:
    return scripts_of_views(ROOM / "static")


@cache
def _texts(language: str) -> Any:
    return yaml.safe_load((ROOM / "texts" / f"{language}.yaml").read_text(encoding="utf-8"))
