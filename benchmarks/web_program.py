"""Helpers of the workbench benchmarks: `neumo serve` as a program, and files never read before."""

import http.client
import itertools
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psutil

_IMAGES = {".jpg", ".jpeg", ".png"}
_STOP_SECONDS = 30
_PATIENCE = 300
"""Seconds for an answer."""


@dataclass(frozen=True)
class Program:
    """A server that listens: its address and its process."""

    address: str
    process: subprocess.Popen[str]

    def memory(self) -> tuple[float, float]:
        """Resident memory of the server and of all its readers, in MiB."""
        server = psutil.Process(self.process.pid)
        readers = sum(child.memory_info().rss for child in server.children(recursive=True))
        return server.memory_info().rss / 2**20, readers / 2**20


@contextmanager
def web_program(data: Path, bundle: str | None = None, **settings: object) -> Iterator[Program]:
    """Start a server with empty data; keys of settings have two underscores where files have dots."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "neumo.cli.main",
        "serve",
        "--no-browser",
        "--port",
        "0",
        "--data",
        str(data),
    ]
    command += ["--bundle", bundle] if bundle else []
    for key, value in settings.items():
        command += ["--set", f"{key.replace('__', '.')}={value}"]
    with (data.parent / f"{data.name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+/", process.stdout.readline())
            if found is None:
                raise SystemExit("the server did not start; run neumo serve to see why")
            yield Program(found[0], process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Sender:
    """One user's connection, which the server keeps open; the standard library's client, as it takes the cores least."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=_PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, content: bytes) -> tuple[int, Message, bytes]:
        """Send a radiograph; return status, headers and body of the answer."""
        headers = {"Content-Type": "application/octet-stream"}
        self._connection.request("POST", "/api/readings", content, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()


def found(paths: Iterable[Path]) -> list[Path]:
    """List the image files in files and folders."""
    files: list[Path] = []
    for path in paths:
        files += (
            sorted(p for p in path.rglob("*") if p.suffix.lower() in _IMAGES) if path.is_dir() else [path]
        )
    if not files:
        raise SystemExit("no JPEG or PNG files found")
    return files


def fresh(files: list[Path]) -> Iterator[bytes]:
    """Yield the files' bytes for ever, each time with another trailer, which decoders pass over."""
    contents = [file.read_bytes() for file in files]
    for number, content in enumerate(itertools.cycle(contents)):
        yield content + b"neumo %d" % number
