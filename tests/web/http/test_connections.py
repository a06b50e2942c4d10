"""Those who hold connections without asking anything, against a real server."""

import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
from tests.support.web_running import Running

_FASTER = {"listen__patience": 2}


def held(address: str, begin: bytes, more: bytes, *, seconds: float = 15) -> float:
    """Say `begin`, then `more` every half second; return the seconds until the server ends the connection."""
    where = urlsplit(address)
    start = time.monotonic()
    with socket.create_connection((where.hostname, where.port), timeout=0.5) as connection:
        connection.sendall(begin)
        while time.monotonic() - start < seconds:
            try:
                if connection.recv(65536) == b"":
                    return time.monotonic() - start
            except TimeoutError:
                try:
                    connection.sendall(more)
                except OSError:
                    return time.monotonic() - start
            except ConnectionError:
                return time.monotonic() - start
    raise AssertionError(f"still connected after {seconds} s")


def test_whoever_says_nothing_is_not_waited_for(start: Callable[..., Running]) -> None:
    assert held(start(**_FASTER).address, b"", b"") < 6


def test_headers_that_drip_are_not_waited_for(start: Callable[..., Running]) -> None:
    begin = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    assert held(start(**_FASTER).address, begin, b"X-A: b\r\n") < 6


def test_a_refused_body_that_drips_is_not_waited_for(start: Callable[..., Running]) -> None:
    begin = (
        b"POST /api/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        b"Content-Length: 1000000\r\n\r\n"
    )
    assert held(start(**_FASTER).address, begin, b"x") < 6


def test_a_small_body_that_drips_is_not_waited_for(start: Callable[..., Running]) -> None:
    begin = (
        b"PATCH /api/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 60000\r\n\r\n"
    )
    assert held(start(**_FASTER).address, begin, b" ") < 6


def test_connections_that_are_used_stay(start: Callable[..., Running]) -> None:
    where = urlsplit(start(**_FASTER).address)
    assert where.hostname is not None
    connection = HTTPConnection(where.hostname, where.port, timeout=10)
    connection.connect()
    first, begun = connection.sock, time.monotonic()
    while time.monotonic() - begun < 5:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
        time.sleep(0.5)
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


def test_silent_connections_do_not_lock_others_out(start: Callable[..., Running]) -> None:
    started = start(listen__connections=8, **_FASTER)
    where = urlsplit(started.address)
    silent = [socket.create_connection((where.hostname, where.port)) for _ in range(8)]
    try:
        deadline = time.monotonic() + 10
        while httpx.get(f"{started.address}healthz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        for connection in silent:
            connection.close()
