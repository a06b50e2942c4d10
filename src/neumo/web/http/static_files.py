"""Static files in memory, compressed, with ETags, and the module preloads of each view."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STYLES: Final = (
    "css/tokens.css",
    "css/base.css",
    "css/controls.css",
    "css/panels.css",
    "css/tables.css",
    "css/shell.css",
    "css/dialogs.css",
    "css/reading.css",
    "css/worklist.css",
    "viewer/viewer.css",
    "views/research/research.css",
    "css/api_docs.css",
    "css/print.css",
)
"""Parts of `ALL_STYLES`, in order of cascade."""
ALL_STYLES: Final = "styles.css"
_ENTRY: Final = "app.js"
_MIN_GZIP_BYTES: Final = 1024
"""Below this size gzip saves no packet."""
_MEDIA_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_IMPORT: Final = re.compile(r'^(?:import|export)\b[^"\n]*"/static/([^"]+)"', re.MULTILINE)
_VIEW: Final = re.compile(r'^\s*(\w+): \(\) => import\("/static/([^"]+)"\)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    media_type: str
    digest: str


class StaticFiles:
    """An ASGI application of static files, read once at the start; browsers revalidate theirs.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        sources = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
        sources[ALL_STYLES] = b"".join(sources[name] for name in STYLES)
        self._files = {name: _file(name, body) for name, body in sources.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        file = self._files.get(path)
        if file is None:
            raise HTTPException(404)
        await _answer(file, Headers(scope=scope))(scope, receive, send)


def _file(name: str, body: bytes) -> _File:
    suffix = Path(name).suffix
    kind = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or suffix == ".svg"
    packed = gzip.compress(body, mtime=0) if text and len(body) >= _MIN_GZIP_BYTES else None
    return _File(body, packed, kind, hashlib.sha256(body).hexdigest()[:24])


def _answer(file: _File, asked: Headers) -> Response:
    packed = file.packed if "gzip" in asked.get("accept-encoding", "") else None
    # Each content coding has an ETag of its own (RFC 9110 section 8.8.3.3).
    tag = f'"{file.digest}"' if packed is None else f'"{file.digest}-gzip"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if file.packed is not None:
        headers["Vary"] = "Accept-Encoding"
    if tag in (known.strip().removeprefix("W/") for known in asked.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    if packed is None:
        return Response(file.body, headers=headers, media_type=file.media_type)
    return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)


def scripts_of_views(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """Return by view the scripts that it imports, directly or not, as paths in `folder`.

    Preloaded together, a browser need not parse one to learn of the next.
    """
    sources = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in folder.rglob("*.js")
    }
    shared = tuple(_with_imports(_ENTRY, sources))
    return {
        name: tuple(dict.fromkeys((*shared, *_with_imports(first, sources))))
        for name, first in _VIEW.findall(sources[_ENTRY])
    }


def _with_imports(first: str, sources: Mapping[str, str]) -> Iterator[str]:
    waiting, seen = [first], {first}
    while waiting:
        name = waiting.pop(0)
        yield name
        new = [found for found in _IMPORT.findall(sources[name]) if found not in seen]
        seen.update(new)
        waiting += new
