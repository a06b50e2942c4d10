"""HTTP for downloads: an opener for http and https alone, and the headers that resuming needs (RFC 9110)."""

import re
import urllib.request
from email.message import Message
from http.client import HTTPMessage
from typing import IO
from urllib.parse import urlsplit

from neumo.core.errors import DownloadError

SCHEMES = ("http", "https")
WORTH_A_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses of a server that may answer better in a moment."""


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - the standard library's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in SCHEMES or (urlsplit(req.full_url).scheme == "https" and scheme != "https"):
            raise DownloadError(
                "{url}: redirects to {target}, which is not safe; use another address (--url)",
                url=req.full_url,
                target=newurl,
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def web_opener() -> urllib.request.OpenerDirector:
    """Open http and https alone; the library's own opener would also read local files and FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _NoDowngrade(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def require_web_address(url: str) -> None:
    """Raise DownloadError unless `url` is a plain http or https address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in SCHEMES and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= 32 for character in url):
        raise DownloadError("{url}: is no http or https address; give one with --url", url=url)


def validator(headers: Message) -> str:
    """Return the strong ETag, else the date, else nothing: If-Range takes no weak ETag (section 13.1.5)."""
    tag: str = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified", "")


def declared_length(headers: Message) -> int | None:
    """Return Content-Length, where the server gave one."""
    text: str = headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def content_range(headers: Message) -> tuple[int, int | None] | None:
    """Return first byte and full length from Content-Range (section 14.4); None where it makes no sense."""
    match = re.fullmatch(r"\s*bytes\s+(\d+)-\d+/(\d+|\*)\s*", headers.get("Content-Range", ""))
    if match is None:
        return None
    return int(match[1]), None if match[2] == "*" else int(match[2])


def reason(error: Exception) -> str:
    """Describe a failed transfer in few words."""
    inner = getattr(error, "reason", None) or error
    return str(getattr(inner, "strerror", None) or inner) or type(inner).__name__
