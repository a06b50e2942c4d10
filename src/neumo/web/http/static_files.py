"""Files in memory, compressed, with ETags, and the module preloads of each view."""

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
    "views/commissioning/commissioning.css",
    "css/api_docs.css",
    "css/print.css",
)
"""Parts of `ALL_STYLES`, in order of cascade."""
ALL_STYLES: Final = "styles.css"
_ENTRY: Final = "app.js"
_MIN_GZIP_BYTES: Final = 1024
"""Below this size gzip saves no packet."""
_MEDIA_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_TEXTS: Final = frozenset({".svg", ".json"})
_IMPORT: Final = re.compile(r'^(?:import|export)\b[^"\n]*"/static/([^"]+)"', re.MULTILINE)
_LATER: Final = re.compile(r'=> import\("/static/([^"]+)"\)')
_VIEW: Final = re.compile(r'^\s*(\w+): \(\) => import\("/static/([^"]+)"\)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Packed:
    """A body as it is and, where that saves a packet, compressed.

    Attributes
    ----------
    body : bytes
    packed : bytes or None
        By gzip.
    media_type : str
    digest : str
        Of the body.
    """

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
        self._files = {name: pack(name, body) for name, body in sources.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        file = self._files.get(path)
        if file is None:
            raise HTTPException(404)
        await answer(file, Headers(scope=scope))(scope, receive, send)


def pack(name: str, body: bytes) -> Packed:
    """Compress what a file of that name holds, if it is text."""
    suffix = Path(name).suffix
    kind = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or suffix in _TEXTS
    packed = gzip.compress(body, mtime=0) if text and len(body) >= _MIN_GZIP_BYTES else None
    return Packed(body, packed, kind, hashlib.sha256(body).hexdigest()[:24])


def answer(file: Packed, asked: Headers, status: int = 200) -> Response:
    """Answer a request by its headers: compressed where that is taken, and not at all where the browser has it."""
    packed = file.packed if "gzip" in asked.get("accept-encoding", "") else None
    # Each content coding has an ETag of its own (RFC 9110 section 8.8.3.3).
    tag = f'"{file.digest}"' if packed is None else f'"{file.digest}-gzip"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if file.packed is not None:
        headers["Vary"] = "Accept-Encoding"
    known = asked.get("if-none-match", "") if status == 200 else ""
    if tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    if packed is None:
        return Response(file.body, status, headers, file.media_type)
    return Response(packed, status, {**headers, "Content-Encoding": "gzip"}, file.media_type)


def scripts_of_views(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """Return by view the scripts that it imports, directly or not, as paths in `folder`.

    Preloaded together, a browser need not parse one to learn of the next. A script that a view imports later, such as
    `opened.js` once a reading is opened, has an entry by its own name, with those of its view.
    """
    sources = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in folder.rglob("*.js")
    }
    shared = tuple(_with_imports(_ENTRY, sources))
    found = dict[str, tuple[str, ...]]()
    for name, first in _VIEW.findall(sources[_ENTRY]):
        found[name] = tuple(dict.fromkeys((*shared, *_with_imports(first, sources))))
        for later in _LATER.findall(sources[first]):
            found[Path(later).stem] = tuple(dict.fromkeys((*found[name], *_with_imports(later, sources))))
    return found


def _with_imports(first: str, sources: Mapping[str, str]) -> Iterator[str]:
    waiting, seen = [first], {first}
    while waiting:
        name = waiting.pop(0)
        yield name
        new = [found for found in _IMPORT.findall(sources[name]) if found not in seen]
        seen.update(new)
        waiting += new
