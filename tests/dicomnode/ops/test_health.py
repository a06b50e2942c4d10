"""The health server: /healthz with the faults of now, /metrics, and ports that are taken."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests
from prometheus_client import CollectorRegistry, Counter
from tests.support.waiting import wait_until

from neumo.core.errors import NodeError
from neumo.dicomnode.config import HealthConfig
from neumo.dicomnode.ops.health import HealthServer


@contextmanager
def serving(faults: dict[str, str]) -> Iterator[str]:
    registry = CollectorRegistry()
    Counter("neumo_tests", "Of tests.", registry=registry).inc()
    server = HealthServer(HealthConfig(port=0), registry, lambda: faults, lambda: GIVEN_UP["set_aside"])
    port = server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


GIVEN_UP = {"set_aside": {"objects": 2, "deliveries": 1}}


def test_health_is_that_of_now() -> None:
    faults: dict[str, str] = {}
    with serving(faults) as address:
        answer = requests.get(f"{address}/healthz", timeout=60)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "faults": {}, **GIVEN_UP})
        faults["disk"] = "less space is left"
        answer = requests.get(f"{address}/healthz", timeout=60)
        assert (answer.status_code, answer.json()) == (
            503,
            {"status": "failing", "faults": faults, **GIVEN_UP},
        )
        assert answer.headers["Cache-Control"] == "no-store" and "Python" not in answer.headers["Server"]


def test_metrics_are_in_the_format_of_prometheus() -> None:
    with serving({}) as address:
        answer = requests.get(f"{address}/metrics", timeout=60)
        assert (
            answer.headers["Content-Type"].startswith("text/plain") and "neumo_tests_total 1.0" in answer.text
        )
        assert requests.get(f"{address}/elsewhere", timeout=60).status_code == 404


@pytest.mark.parametrize("words", [b"", b"GET /healthz HTTP/1.1\r\nX: "])
def test_a_flood_of_connections_takes_few_threads_and_keeps_nobody_out(
    words: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving({}) as address:
        port, before = int(address.rpartition(":")[2]), threading.active_count()
        flood = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(150)]
        try:
            for one in flood:
                with suppress(OSError):
                    one.sendall(words)
            assert requests.get(f"{address}/healthz", timeout=60).status_code == 200
            wait_until(lambda: threading.active_count() - before <= 20)
            for one in flood:  # so that what was sent comes back as a reset
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            for one in flood:
                one.close()
        wait_until(lambda: threading.active_count() <= before)
        assert requests.get(f"{address}/healthz", timeout=60).status_code == 200
    assert capfd.readouterr().err == ""


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(NodeError, match=f"health: cannot listen on 127.0.0.1:{port}"):
            HealthServer(HealthConfig(port=port), CollectorRegistry(), dict).start()


def test_a_server_that_never_started_can_be_stopped() -> None:
    HealthServer(HealthConfig(port=0), CollectorRegistry(), dict).stop()


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:8105", 421),
        ("192.0.2.1", 421),
        ("localhost", 200),
        ("prom", 200),
    ],
)
def test_only_names_of_this_server_are_answered(path: str, host: str, status: int) -> None:
    """A page of another site could make its name resolve to this machine."""
    server = HealthServer(HealthConfig(port=0, names=("prom",)), CollectorRegistry(), dict)
    port = server.start()
    try:
        answer = requests.get(f"http://127.0.0.1:{port}{path}", headers={"Host": host}, timeout=60)
        assert answer.status_code == status
    finally:
        server.stop()
