"""Which language a request is answered in."""

from typing import Final

from starlette.requests import HTTPConnection

LANGUAGES: Final = ("en", "es")


def language_of(request: HTTPConnection) -> str:
    """Return the person's language; else the first known one of Accept-Language; else the server's."""
    chosen = getattr(request.state, "language", None)
    if chosen in LANGUAGES:
        return str(chosen)
    return accepted(request.headers.get("accept-language", "")) or _default(request)


def accepted(header: str) -> str | None:
    """Return the known language that an Accept-Language header (RFC 9110 section 12.5.4) likes best."""
    liked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        quality = _quality(parameters)
        if language in LANGUAGES and quality > 0:
            liked.append((-quality, position, language))
    return min(liked)[2] if liked else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def _default(request: HTTPConnection) -> str:
    workbench = getattr(request.app.state, "workbench", None)
    return "en" if workbench is None else str(workbench.config.language)
