"""Connection time limits: silent and slow clients are disconnected (slowloris), against a real server."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.waiting import wait_until
from tests.support.web_running import Running, running

_PATIENCE = 2
"""Seconds, well below the default, so that a connection that ends within `_BOUND` was ended by this setting."""
_BOUND = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    """A server that waits a short while for few connections."""
    data = tmp_path_factory.mktemp("web-connections") / "data"
    with running(
        data, web_bundle, listen__patience=_PATIENCE, listen__connections=8, listen__silent=4
    ) as started:
        yield started


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    """One that waits long, so that nothing but the limits on silent connections ends a flood."""
    data = tmp_path_factory.mktemp("web-patient") / "data"
    with running(data, web_bundle, listen__patience=900, listen__connections=8, listen__silent=4) as started:
        yield started


def ends(address: str, begin: bytes, more: bytes) -> bool:
    """Send `begin`, then `more` every half second; return whether the server ends the connection."""
    where = urlsplit(address)
    deadline = time.monotonic() + _BOUND
    with socket.create_connection((where.hostname, where.port), timeout=0.5) as connection:
        connection.sendall(begin)
        while time.monotonic() < deadline:
            try:
                if connection.recv(65536) == b"":
                    return True
            except TimeoutError:
                try:
                    connection.sendall(more)
                except OSError:
                    return True
            except ConnectionError:
                return True
    return False


def test_a_silent_connection_is_closed(server: Running) -> None:
    assert ends(server.address, b"", b"")


def test_a_connection_with_slow_headers_is_closed(server: Running) -> None:
    begin = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    assert ends(server.address, begin, b"X-A: b\r\n")


def test_a_connection_with_a_slow_refused_body_is_closed(server: Running) -> None:
    begin = (
        b"POST /api/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        b"Content-Length: 1000000\r\n\r\n"
    )
    assert ends(server.address, begin, b"x")


def test_a_connection_with_a_slow_small_body_is_closed(server: Running) -> None:
    begin = (
        b"PATCH /api/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 60000\r\n\r\n"
    )
    assert ends(server.address, begin, b" ")


def test_a_connection_in_use_stays_open(server: Running) -> None:
    where = urlsplit(server.address)
    assert where.hostname is not None
    connection = HTTPConnection(where.hostname, where.port, timeout=60)
    connection.connect()
    first, until = connection.sock, time.monotonic() + 2.5 * _PATIENCE
    while time.monotonic() < until:
        time.sleep(0.1)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
    assert connection.sock is first
    connection.close()


def test_two_requests_at_once_on_a_connection_are_both_answered(server: Running) -> None:
    where = urlsplit(server.address)
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    answers = b""
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(one + b"\r\n" + one + b"Connection: close\r\n\r\n")
        while part := connection.recv(65536):
            answers += part
    assert answers.count(b"HTTP/1.1 200") == 2


_HEAD = b"PATCH /api/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n"


@pytest.mark.parametrize("words", [b"", b"GET /", _HEAD, _HEAD + b"\r\n", b"\x16\x03"])
def test_a_flood_of_one_address_locks_no_other_out(patient: Running, words: bytes) -> None:
    """More connections than the server takes in all, none of which sends a whole request."""
    where = urlsplit(patient.address)
    flood = [socket.create_connection((where.hostname, where.port)) for _ in range(200)]
    try:
        for one in flood:
            with suppress(OSError):
                one.sendall(words)
        assert where.hostname is not None
        other = HTTPConnection(where.hostname, where.port, timeout=60, source_address=("127.0.0.2", 0))
        for _ in range(3):
            other.request("GET", "/healthz")
            answer = other.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
        other.close()
    finally:
        for one in flood:
            one.close()


def test_who_floods_with_silence_is_served_too(patient: Running) -> None:
    """Several people may share an address, so that only the longest silent connections are closed."""
    where = urlsplit(patient.address)
    flood = [socket.create_connection((where.hostname, where.port)) for _ in range(100)]
    try:
        assert httpx.get(f"{patient.address}healthz").status_code == 200
        flood[0].settimeout(60)
        assert flood[0].recv(1) == b""
    finally:
        for one in flood:
            one.close()


def test_silent_connections_do_not_lock_others_out(server: Running) -> None:
    where = urlsplit(server.address)
    silent = [socket.create_connection((where.hostname, where.port)) for _ in range(8)]
    try:
        wait_until(lambda: httpx.get(f"{server.address}healthz").status_code == 200)
    finally:
        for connection in silent:
            connection.close()
