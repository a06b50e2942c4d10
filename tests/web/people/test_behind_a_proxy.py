"""Counting wrong passwords and silent connections by client behind a reverse proxy, and where none is trusted."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.web_running import Running, add_people, running

ATTEMPTS, MORE = 2, 2
NUMBERS = count()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    """A server that trusts 127.0.0.2 alone; other addresses of this machine are strangers."""
    data = tmp_path_factory.mktemp("web-proxied") / "data"
    add_people(data, ana="reader")
    settings = {
        "listen__proxies": "[127.0.0.2, 10.0.0.0/8]",
        "listen__silent": 4,
        "listen__connections": 40,
        "listen__patience": 900,
        "sessions__attempts": ATTEMPTS,
    }
    with running(data, web_bundle, **settings) as started:
        yield started


def tried(server: Running, through: str, **headers: str) -> int:
    """Try a wrong password, for another invented name each time; return the status."""
    body = {"name": f"nobody{next(NUMBERS)}", "password": "wrong"}
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.HTTPTransport(local_address=through)
    with httpx.Client(base_url=server.address, timeout=60, transport=transport) as client:
        return client.post("/api/session", json=body, headers=shown).status_code


def are_counted_together(server: Running, through: str, stated: list[dict[str, str]]) -> bool:
    """Whether attempts soon have to wait, and the first did not; on a slow machine some come after the wait."""
    statuses = [tried(server, through, **headers) for headers in stated]
    assert statuses[:ATTEMPTS] == [401] * ATTEMPTS
    return 429 in statuses


@pytest.mark.parametrize(
    ("forwarded", "another"),
    [
        (["198.51.100.1", "198.51.100.1:4711", "198.51.100.1:4712"], "198.51.100.2"),
        (["203.0.113.9, 198.51.100.3", "8.8.8.8, 198.51.100.3", "127.0.0.2, 198.51.100.3"], "198.51.100.4"),
        (["198.51.100.5, 10.1.2.3", "198.51.100.5", "198.51.100.5, 127.0.0.2"], "198.51.100.6"),
        (["2001:db8:1:1::1", "[2001:db8:1:1::2]", "[2001:db8:1:1:ff::3]:4711"], "2001:db8:1:2::1"),
        (["::ffff:198.51.100.7", "198.51.100.7", "[::ffff:198.51.100.7]:80"], "198.51.100.8"),
    ],
)
def test_a_trusted_proxys_clients_are_counted_one_by_one(
    proxied: Running, forwarded: list[str], another: str
) -> None:
    stated = [{"X_Forwarded_For": client} for client in forwarded * MORE]
    assert are_counted_together(proxied, "127.0.0.2", stated)
    assert tried(proxied, "127.0.0.2", X_Forwarded_For=another) == 401


def test_who_is_not_trusted_is_counted_whatever_he_states(proxied: Running) -> None:
    stated = [
        {"X_Forwarded_For": f"192.0.2.{n}", "Forwarded": f"for=192.0.2.{n}", "X_Real_IP": f"192.0.2.{n}"}
        for n in range(3 * MORE)
    ]
    assert are_counted_together(proxied, "127.0.0.3", stated)
    assert tried(proxied, "127.0.0.4") == 401


def test_a_proxy_that_states_no_client_is_counted_itself(proxied: Running) -> None:
    """`Forwarded` (RFC 7239) is not read: a proxy that sends it alone speaks for itself."""
    stated = [{"Forwarded": f'for="[2001:db8:9:{n}::1]:4711"'} for n in range(3 * MORE)]
    assert are_counted_together(proxied, "127.0.0.2", stated)


def test_silent_connections_of_a_proxy_are_bound_by_the_total_alone(proxied: Running) -> None:
    where = urlsplit(proxied.address)
    assert where.hostname is not None
    opened = {
        address: [
            socket.create_connection((where.hostname, where.port), source_address=(address, 0))
            for _ in range(12)
        ]
        for address in ("127.0.0.2", "127.0.0.5")
    }
    try:
        other = HTTPConnection(where.hostname, where.port, timeout=60, source_address=("127.0.0.6", 0))
        other.request("GET", "/healthz")
        assert other.getresponse().status == 200
        other.close()
        assert {address: sum(map(_is_open, all_)) for address, all_ in opened.items()} == {
            "127.0.0.2": 12,
            "127.0.0.5": 4,
        }
    finally:
        for connections in opened.values():
            for one in connections:
                one.close()


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    with suppress(BlockingIOError):
        return bool(connection.recv(1))
    return True
