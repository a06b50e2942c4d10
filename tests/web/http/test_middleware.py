"""Middleware: security headers, host and origin checks, size limits, error responses, access log."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.support.waiting import wait_until
from tests.support.web_running import Running

from neumo.web.http.middleware import SecurityMiddleware


def spoken(address: str, request: bytes, *, seconds: float = 20) -> bytes:
    """Say bytes on a connection; return all that comes back until the other side closes it."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=seconds) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "path", ["/healthz", "/api/me", "/api/openapi.json", "/api/docs", "/nowhere", "/static/no"]
)
def test_every_answer_is_locked_down(web: httpx.Client, path: str) -> None:
    headers = web.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'" and policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers and "x-powered-by" not in headers
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.0.2.1", "[::1"]
)
def test_a_name_that_is_rebound_to_this_machine_gets_nothing(web: httpx.Client, host: str) -> None:
    answer = web.get("/api/me", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")
    assert "csrf_token" not in answer.text


def test_names_that_are_this_server(web: httpx.Client) -> None:
    for host in ("localhost", "localhost:80", "127.0.0.1", "[::1]:80", "127.1.2.3"):
        assert web.get("/healthz", headers={"Host": host}).status_code == 200


def test_two_hosts_or_none_are_refused(web: httpx.Client, server: Running) -> None:
    twice = b"GET /api/me HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert spoken(server.address, twice).split(b" ")[1] in (b"400", b"421")
    none = b"GET /api/me HTTP/1.0\r\n\r\n"
    assert spoken(server.address, none).split(b" ")[1] in (b"400", b"421")


def test_another_sites_page_changes_nothing(web: httpx.Client) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        answer = web.patch("/api/me", json={"language": "es"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert web.get("/api/me").json()["language"] == "en"
    own = {"Sec-Fetch-Site": "same-origin", "Origin": str(web.base_url).rstrip("/")}
    assert web.patch("/api/me", json={"language": "en"}, headers=own).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "destination", "allowed"),
    [
        ("navigate", "document", True),
        ("navigate", "iframe", False),
        ("navigate", "frame", False),
        ("navigate", "object", False),
        ("navigate", "embed", False),
        ("navigate", "", False),
        ("no-cors", "image", False),
        ("no-cors", "document", False),
        ("cors", "empty", False),
    ],
)
def test_another_site_may_link_to_the_api_and_not_embed_it(
    web: httpx.Client, site: str, mode: str, destination: str, allowed: bool
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
    assert web.get("/api/me", headers=headers).status_code == (200 if allowed else 403)
    assert web.get("/healthz", headers=headers).status_code == 200


def test_no_answer_invites_other_sites(web: httpx.Client) -> None:
    answer = web.options("/api/readings", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_bodies_that_are_no_upload_are_small(web: httpx.Client, server: Running) -> None:
    answer = web.patch("/api/me", content=b" " * 70_000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (413, "too_large", 65_536)

    def unannounced() -> object:
        for _ in range(20):
            yield b" " * 8192

    answer = web.patch("/api/me", content=unannounced(), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_lengths_that_are_none(server: Running) -> None:
    for length in (b"-1", b"ten", b"99999999999999999999"):
        head = b"POST /api/readings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        request = head + b"Content-Length: " + length + b"\r\n\r\n"
        assert spoken(server.address, request).split(b" ")[1] in (b"400", b"413")


def test_what_is_no_http_harms_nobody(web: httpx.Client, server: Running) -> None:
    for noise in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000 + b"\r\n\r\n"):
        with contextlib.suppress(TimeoutError, ConnectionError):
            spoken(server.address, noise, seconds=1)
    assert web.get("/healthz").json() == {"status": "ok"}


def test_a_failure_of_the_servers_own_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("Garcia Maria")

    guard = SecurityMiddleware(fails, lambda _host: True, uploads={}, require_room={}, max_requests=10)

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(guard), base_url="http://localhost"
        ) as client:
            return await client.get("/x", headers={"Accept-Language": "es"})

    with caplog.at_level("INFO"):
        answer = asyncio.run(asked())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-language"] == "es"
    assert "Garcia" not in answer.text + caplog.text
    assert answer.json()["reference"] in str([vars(record) for record in caplog.records])


def test_problems_come_in_the_servers_and_the_persons_language(start: Callable[..., Running]) -> None:
    server = start(language="es")
    with httpx.Client(base_url=server.address) as web:
        assert web.get("/api/readings/9").json()["detail"] == "Aquí no hay nada con ese nombre."
        english = {"Accept-Language": "en-GB"}
        assert web.get("/api/readings/9", headers=english).headers["content-language"] == "en"
        assert web.patch("/api/me", json={"language": "en"}).json()["language"] == "en"
        spanish = web.get("/api/readings/9", headers={"Accept-Language": "es"})
        assert spanish.headers["content-language"] == "en", "the person's own choice comes first"
        assert web.patch("/api/me", json={"language": "fr"}).json()["code"] == "invalid"


def test_logs_are_json_without_queries(web: httpx.Client, server: Running) -> None:
    web.get("/api/readings", params={"source": "Perez Maria"})

    def requests() -> set[tuple[str, int]]:
        lines = [json.loads(line) for line in server.logged.splitlines()]
        return {(line["route"], line["status"]) for line in lines if line.get("event") == "request"}

    wait_until(lambda: ("/api/readings", 200) in requests())
    assert "Perez" not in server.logged
