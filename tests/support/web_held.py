"""Uploads to a server, stopped reader processes, and waiting for a condition."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from tests.support.web_running import Running


@contextmanager
def stopped_readers(server: Running) -> Iterator[list[int]]:
    """Stop all reader processes (SIGSTOP); yields their process ids."""
    pids = server.readers()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield pids
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def send(web: httpx.Client, content: bytes, name: str = "a.bin", query: str = "") -> httpx.Response:
    """Upload bytes as a radiograph."""
    given = {"Content-Type": "application/octet-stream", "X-File-Name": name}
    return web.post(f"/api/readings{query}", content=content, headers=given)


def left_over(server: Running) -> list[Path]:
    """Return the uploaded files that were not deleted."""
    return list((server.data / "uploads").iterdir())
