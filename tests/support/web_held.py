"""Sending to a server, holding its readers still, and waiting for what must come."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from tests.support.web_running import Running


@contextmanager
def stopped_readers(server: Running) -> Iterator[list[int]]:
    """Hold all readers still; yields their numbers."""
    pids = server.readers()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield pids
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def send(web: httpx.Client, content: bytes, name: str = "a.bin") -> httpx.Response:
    """Send bytes to be read."""
    given = {"Content-Type": "application/octet-stream", "X-File-Name": name}
    return web.post("/api/readings", content=content, headers=given)


def left_over(server: Running) -> list[Path]:
    """Uploads that are still there."""
    return list((server.data / "uploads").iterdir())
