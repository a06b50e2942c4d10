"""Bodies of uploads, as the workbench's server receives them: what comes in is answered, and nothing is left."""

import asyncio
import logging
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.requests import Request
from tests.fuzz.mutations import damaged, number_in
from tests.fuzz.target import Fault, Target

from neumo.web.config import Limits
from neumo.web.http.problems import Problem
from neumo.web.readings.space import SpaceReserve
from neumo.web.readings.uploads import receive_uploads

_BOUNDARY = b"limit"
_TAKEN = "files"
_WORDS = (
    b"--limit", b"--limit--", b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"--", b": ", b";", b'"', b"\\", b"=", b"\0", b"\xff",
    b"filename", b"filename*", b"filename*0*", b"UTF-8''%FF%00", b"../../etc/passwd",
    b"Content-Transfer-Encoding: base64", b"Content-Disposition: form-data; name=f; filename*=", b"\xe2\x80\xae",
    b"a: b\r\n" * 40,
)  # fmt: skip
_HEADERS = (
    b'form-data; name="f"; filename="plain.jpeg"',
    b'form-data; name="note"',
    b"form-data; name=f; filename*=UTF-8''t%C3%B3rax.png",
    b'attachment; filename="C:\\\\films\\\\a.dcm"',
    b'form-data; filename*0="a"; filename*1="b.png"; name=\'f\'',
)


def _seeds() -> list[bytes]:
    rng = random.Random(7)
    seeds = []
    for count in (1, 2, 4):
        parts = [
            b"--limit\r\nContent-Disposition: %s\r\nContent-Type: image/png\r\n\r\n%s\r\n"
            % (_HEADERS[(count + at) % len(_HEADERS)], rng.randbytes(rng.randrange(900)))
            for at in range(count)
        ]
        seeds.append(b"".join(parts) + b"--limit--\r\n")
    return [
        *seeds,
        b"preamble\r\n" + seeds[1] + b"epilogue",
        seeds[0].replace(b"\r\n\r\n", b"\r\nX: y\r\n\r\n"),
    ]


def target() -> Target:
    """Multipart bodies that are cut anywhere on their way."""
    seeds = _seeds()
    return Target(lambda index: mutated(index, seeds), _trying, _TAKEN, peak_mib=512)


def mutated(index: int, seeds: list[bytes]) -> bytes:
    """The input of that number."""
    rng = random.Random(index)
    content = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        match rng.randrange(7):
            case 0 | 1 | 2 | 3 as kind:
                content = damaged(content, rng, kind, seeds)
            case 4:
                content = number_in(content, rng, 1, ">")
            case _:
                at = rng.randrange(len(content) + 1)
                content[at : at + rng.choice((0, 0, 2, 9))] = rng.choice(_WORDS)
    return bytes(content)


@contextmanager
def _trying() -> Iterator[Callable[[bytes], str]]:
    logging.disable(logging.WARNING)  # the parser warns of what it refuses
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        space = SpaceReserve(folder, 0)
        with asyncio.Runner() as runner:
            yield lambda content: runner.run(_outcome_of(content, folder, space))


async def _outcome_of(content: bytes, folder: Path, space: SpaceReserve) -> str:
    request = Request(_SCOPE, _receiver(content))
    limits = Limits(files=8)
    try:
        uploads = await receive_uploads(request, folder, limits, space)
    except Problem as problem:
        outcome = problem.code
    else:
        outcome = _TAKEN
        for upload in uploads:
            if "/" in upload.name or not upload.name or not upload.name.isprintable():
                raise Fault(f"a file is called {upload.name!r}")
            if upload.path.stat().st_size > len(content):
                raise Fault("a file is longer than the request")
            upload.discard()
    if any(folder.iterdir()):
        raise Fault("a file is left behind")
    if space._held:
        raise Fault("space is still reserved")
    return outcome


_SCOPE: dict[str, Any] = {
    "type": "http", "method": "POST", "path": "/api/readings", "query_string": b"",
    "headers": [(b"content-type", b"multipart/form-data; boundary=" + _BOUNDARY)],
}  # fmt: skip


def _receiver(content: bytes) -> Callable[[], Any]:
    """The body in pieces whose sizes follow from it."""
    rng = random.Random(len(content))
    pieces = []
    while content:
        size = rng.choice((1, 3, 50, 1000, 4096))
        pieces.append(content[:size])
        content = content[size:]

    async def receive() -> dict[str, Any]:
        body = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": body, "more_body": bool(pieces)}

    return receive
