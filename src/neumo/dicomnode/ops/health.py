"""HTTP server for /healthz and /metrics (Prometheus)."""

import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from neumo.core.errors import NodeError
from neumo.core.hosts import host_check
from neumo.core.silent_connections import SilentConnections
from neumo.dicomnode.config import HealthConfig

_CONNECTIONS_OF_ADDRESS, _CONNECTIONS = 16, 64
"""Connections at once of one address, and of all; a request takes milliseconds."""
Faults = Callable[[], Mapping[str, str]]
"""Returns the present faults, code to sentence; empty where the node is healthy."""


class _Handler(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    faults: Faults
    set_aside: Callable[[], Mapping[str, int]]
    known_host: Callable[[str], bool]
    timeout = 10
    server_version, sys_version = "neumo", ""

    def do_GET(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) > 1 or not all(map(self.known_host, hosts)):  # probes without one are no browsers
            self._answer(421, "text/plain", b"unknown host; see health.names\n")
            return
        match self.path:
            case "/healthz":
                faults = dict(self.faults())
                body = {"status": "failing" if faults else "ok", "faults": faults, **self._given_up()}
                self._answer(503 if faults else 200, "application/json", json.dumps(body).encode() + b"\n")
            case "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(self.registry))
            case _:
                self._answer(404, "text/plain", b"ask for /healthz or /metrics\n")

    def _given_up(self) -> dict[str, Any]:
        try:
            return {"set_aside": dict(self.set_aside())}
        except sqlite3.Error:  # one of the faults says so
            return {}

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """Serves a bounded number of connections, each in a thread; the longest open ones are closed for new ones."""

    daemon_threads = True
    request_queue_size = 128
    """Connections that the system completes ahead of `accept`: of the usual five, a flood leaves others none."""

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self._connections = SilentConnections(_CONNECTIONS_OF_ADDRESS, _CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""

        def hang_up() -> None:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

        self._connections.opened(client_address, client_address[0], hang_up)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it, and count it no more."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.closed(client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke: the base class would print a traceback and an address."""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class HealthServer:
    """The server, which answers from `start` to `stop`.

    Parameters
    ----------
    config : HealthConfig
    registry : CollectorRegistry
    faults : callable
    set_aside : callable
        Returns how much was given up, by kind, which is no fault of the node but wants to be looked at.
    """

    def __init__(
        self,
        config: HealthConfig,
        registry: CollectorRegistry,
        faults: Faults,
        set_aside: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._config = config
        known_host = host_check(config.host, _is_loopback(config.host), config.names)
        members = {
            "registry": registry,
            "faults": staticmethod(faults),
            "set_aside": staticmethod(set_aside),
            "known_host": staticmethod(known_host),
        }
        self._handler = type("Handler", (_Handler,), members)
        self._server: _Server | None = None

    def start(self) -> int:
        """Listen, and return the port. Raises NodeError where the address cannot be used."""
        host, port = self._config.host, self._config.port
        try:
            self._server = _Server((host, port), self._handler)
        except OSError as error:
            raise NodeError(
                "health: cannot listen on {host}:{port} ({reason}); choose another host or port",
                host=host,
                port=port,
                reason=error.strerror or error,
            ) from error
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="neumo-health", daemon=True
        ).start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Stop answering, and close the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
