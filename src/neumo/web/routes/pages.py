"""Routes of the HTML page, its messages, and the API documentation."""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

import neumo
from neumo.texts.catalogue import capital, load_area
from neumo.texts.language import LANGUAGES, Language, known_language
from neumo.texts.pages import render
from neumo.web.http.languages import language_of
from neumo.web.http.problems import Problem
from neumo.web.http.static_files import ALL_STYLES, Packed, answer, pack, scripts_of_views
from neumo.web.people.identity import current_person

ROOM = Path(str(files("neumo.web")))
router = APIRouter(include_in_schema=False)
_NAMES: Final = ("findings", "findings_short", "conclusions", "conclusions_short", "metrics")
"""Groups of common terms that the pages use as labels."""
_LOGIN_PROBLEMS: Final = ("elsewhere_failed", "elsewhere_unavailable", "unknown_person")
"""Problems of a login by the OpenID provider that the login page may show."""
_VIEWS: Final = {"": "reading", "readings": "opened"}
"""Views that are called otherwise than their address."""


@router.get("/")
@router.get("/worklist")
@router.get("/readings/{identifier}")
@router.get("/research")
@router.get("/bundle")
@router.get("/commissioning")
@router.get("/settings")
@router.get("/login")
def page(request: Request) -> Response:
    """Return the page of all views (a single-page application); it holds nothing about anybody."""
    return _page(request, _view_at(request.url.path))


def missing_page(request: Request) -> Response:
    """Return the page at an address that there is not."""
    return _page(request, "missing", 404)


def _page(request: Request, view: str, status: int = 200) -> Response:
    with suppress(Problem):  # for the preferred language alone; the API answers unknown people
        current_person(request)
    return answer(_frame(language_of(request), view), request.headers, status)


@cache
def _frame(language: Language, view: str) -> Packed:
    html = render(
        "workbench.html.j2",
        language,
        languages=LANGUAGES,
        version=neumo.__version__,
        styles=ALL_STYLES,
        scripts=_scripts()[view],
    )
    return pack("page.html", html.encode())


@router.get("/texts/{language}.json")
def messages(request: Request, language: str) -> Response:
    """Return the messages of the pages in a language."""
    known = known_language(language)
    if known is None:
        raise Problem(404, "not_found")
    return answer(_messages(known), request.headers)


@cache
def _messages(language: Language) -> Packed:
    return pack("texts.json", json.dumps(page_messages(language), ensure_ascii=False).encode())


@router.get("/api/docs")
def docs(request: Request) -> Response:
    """Describe the API for people, without scripts."""
    described = request.app.openapi()
    html = render(
        "api_docs.html.j2",
        language_of(request),
        described=described,
        version=neumo.__version__,
        styles=ALL_STYLES,
    )
    return HTMLResponse(html)


def _view_at(path: str) -> str:
    first = path.split("/")[1]
    return _VIEWS.get(first, first)


@cache
def _scripts() -> Mapping[str, tuple[str, ...]]:
    return scripts_of_views(ROOM / "static")


@cache
def page_messages(language: Language) -> Mapping[str, Any]:
    """Return the workbench's messages, with common terms as labels."""
    terms = load_area("terms", language)
    labels = {group: {name: capital(text) for name, text in terms[group].items()} for group in _NAMES}
    whole = {group: terms[group] for group in ("verdict", "patient")}
    problems = {code: load_area("errors", language)[code] for code in _LOGIN_PROBLEMS}
    return {**load_area("workbench", language), **labels, **whole, "problems": problems}
