"""A real HTTP server on a free loopback port whose faults a test chooses."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.http_server import QuietHandler, serving_with


@dataclass
class Behaviour:
    """Content and injected faults of the test HTTP server.

    It can break off after some bytes, answer with statuses first, or hold still until it is released; `seen`
    records the headers of each request.
    """

    content: bytes
    etag: str = '"one"'
    ranges: bool = True
    length: bool = True
    break_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    redirect: str = ""
    hold_after: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    seen: list[dict[str, str]] = field(default_factory=list)


class _Handler(QuietHandler):
    behaviour: Behaviour

    def do_GET(self) -> None:
        plan = self.behaviour
        plan.seen.append(dict(self.headers))
        if plan.redirect:
            self.send_response(302)
            self.send_header("Location", plan.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if plan.statuses:
            self.send_error(plan.statuses.pop(0))
            return
        start = self._start(plan)
        if start >= len(plan.content) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(plan.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(plan, start)

    def _start(self, plan: Behaviour) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        fresh = self.headers.get("If-Range", plan.etag) == plan.etag
        return int(match[1]) if match and plan.ranges and fresh else 0

    def _send(self, plan: Behaviour, start: int) -> None:
        body = plan.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(plan.content) - 1}/{len(plan.content)}")
        if plan.etag:
            self.send_header("ETag", plan.etag)
        if plan.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if plan.hold_after:
            self.wfile.write(body[: plan.hold_after])
            plan.release.wait(60)
            return
        self.wfile.write(body[: plan.break_after.pop(0)] if plan.break_after else body)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """Serve on a free loopback port; yields the address of the file."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with serving_with(handler) as address:
        yield f"http://{address}/ChestXRay2017.zip"
