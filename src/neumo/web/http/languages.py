"""The language of an answer: preference, Accept-Language, server default."""

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from neumo.texts.language import DEFAULT, Language, accepted_language, known_language

if TYPE_CHECKING:
    from neumo.web.workbench import Workbench


def language_of(request: HTTPConnection) -> Language:
    """Return the person's language; else the first known one of Accept-Language; else the server's."""
    chosen = known_language(str(getattr(request.state, "language", "")))
    return chosen or accepted_language(request.headers.get("accept-language", "")) or _default(request)


def _default(request: HTTPConnection) -> Language:
    workbench: Workbench | None = getattr(request.app.state, "workbench", None)
    return DEFAULT if workbench is None else workbench.config.language
