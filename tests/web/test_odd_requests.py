"""Requests that no page makes: each is answered or closed, none with a fault of the server, and the next is served."""

import json
import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from tests.support.web_running import Running

_DEEP, _LONG = "[" * 30_000, 10**400
SURROGATE, NULL = '"\\ud800\\udfff\\ud800"', '"a\\u0000b"'
READING = "/api/readings/1"
IDENTIFIERS = [
    "0",
    "-1",
    str(2**63),
    str(2**64),
    str(_LONG),
    "1.0",
    "1e3",
    "٣",
    "+1",
    " 1",
    "0x1",
    "1%00",
    "%FF",
    "..",
    "%2e%2e%2f",
]
QUERIES = [
    "limit=0",
    f"limit={2**70}",
    "limit=NaN",
    "cursor=!!!",
    f"cursor={'A' * 3000}",
    "since=9999-99-99",
    "since=0001-01-01",
    "until=%00",
    "finding=x",
    "decided=maybe",
    "text=%00",
    "text=" + quote("\ud800", errors="surrogatepass"),
    "after=1&after=2",
    f"patient={'a' * 3000}",
    "verdict[]=1",
    "limit=1;limit=2",
    "source=%F0%9F%92%80",
]
BODIES = [
    "",
    "null",
    "[]",
    '"x"',
    "5",
    _DEEP,
    "{" * 20_000,
    f'{{"limit": {_LONG}}}',
    '{"limit": NaN}',
    '{"limit": 1e999}',
    '{"limit": -1}',
    f'{{"text": {SURROGATE}}}',
    f'{{"text": {NULL}}}',
    '{"text": 5}',
    '{"text": {"a": 1}}',
    '{"patient": [1]}',
    "\ufeff{}",
    f'{{"patient": {SURROGATE}}}',
    '{"a": 1, "a": 2}',
    '{"patient": "' + "٣ " * 9000 + '"}',
    '{"cursor": "AAAA"}',
]
DECISIONS = [
    f'{{"conclusion": "normal", "revision": 0, "note": {note}}}'
    for note in (SURROGATE, NULL, '"' + "x" * 60_000 + '"', "5")
]
SESSIONS = [
    f'{{"name": {value}, "password": {value}}}'
    for value in (SURROGATE, NULL, '""', "[]", '"' + "ä" * 9000 + '"')
]
HEADERS = [
    {"Accept-Language": "x" * 8000},
    {"Accept-Language": ",;q=,=;q=nan,en;q=1e999"},
    {"Cookie": "neumo_session=" + "A" * 8000},
    {"Cookie": "neumo_session=\xff.\xff"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer " + "\xff" * 50},
    {"Authorization": "Basic xx"},
    {"Range": "bytes=0-1,2-3,9-1"},
    {"If-None-Match": '"' + "x" * 5000},
    {"If-Match": "*"},
    {"Last-Event-ID": str(_LONG)},
    {"Last-Event-ID": "-1"},
    {"Last-Event-ID": "٣"},
    {"X-Forwarded-For": "x" * 5000},
    {"X-Forwarded-Proto": "https"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "ünknown"},
    {"Host": "[::1"},
    {"Host": "localhost:99999"},
    {"Accept": "text/html"},
    {"X-CSRF-Token": "\xff"},
]
TYPES = [
    "application/json",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 9000,
    "multipart/form-data; boundary*0=a; boundary*1=b",
    'multipart/form-data; boundary="',
    "multipart/form-data; boundary=\xff",
    "image/png; charset=\xff",
    "application/dicom;;;;",
    "x" * 5000,
    "text/plain",
    "application/zip",
]
POST = b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
RAW = [
    b"GET /healthz HTTP/1.0\r\n\r\n",
    b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    HEAD + b" folded: header\r\n\r\n",
    HEAD + b"Host: elsewhere\r\n\r\n",
    b"\x00" * 5000,
    HEAD + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
    HEAD + b"X: y\r\n" * 3000 + b"\r\n",
    b"G" * 40_000,
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
    HEAD + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
    *(
        POST + rest
        for rest in (
            b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 40 + b"\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x=y;" * 9000 + b"\r\n{}\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b"Transfer-Encoding: gzip\r\n\r\n{}",
            b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
            b"Content-Length: -1\r\n\r\n",
            b"Content-Length: +2\r\n\r\n{}",
            b"Content-Length: " + b"9" * 400 + b"\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nTrailer: x\r\n"
            + b"T: y\r\n" * 3000
            + b"\r\n",
            b"Content-Length: 0\r\n\r\n" * 3,
        )
    ),
]


def served(server: Running) -> None:
    """Look at what was logged: no error of the server's own; and the next request is answered."""
    assert httpx.get(f"{server.address}healthz", timeout=60).json() == {"status": "ok"}
    faults = [
        line for line in server.log if '"level":"error"' in line.replace(" ", "") or "Traceback" in line
    ]
    assert not faults, faults


def test_odd_identifiers_and_queries(server: Running, web: httpx.Client) -> None:
    for identifier in IDENTIFIERS:
        for path in ("", "/image.png", "/files/sr.dcm", "/posterior", "/decisions", "/priors"):
            answer = web.get(f"/api/readings/{identifier}{path}")
            assert answer.status_code in (307, 400, 404, 405, 422), (identifier, path, answer.status_code)
    for query in QUERIES:
        for path in ("/api/readings", "/api/export"):
            assert web.get(f"{path}?{query}").status_code < 500, (path, query)
    for path in (
        "/static/../../etc/passwd",
        "/static/%2e%2e/%2e%2e/x",
        "/static/%00",
        "/texts/zz.json",
        "/texts/..%2fen.json",
        "/api/jobs/%FF",
        "/api/runs/..%2f..",
        "/api/samples/..%2fx",
        "//api/readings",
        "/api//readings",
    ):
        assert web.get(path).status_code in (400, 404), path
    served(server)


@pytest.mark.parametrize(
    ("path", "bodies"),
    [
        ("/api/readings/search", BODIES),
        (f"{READING}/neighbours", BODIES),
        ("/api/export", BODIES),
        ("/api/session", [*BODIES, *SESSIONS]),
        (f"{READING}/decisions", [*BODIES, *DECISIONS]),
        (f"{READING}/removal", BODIES),
        (f"{READING}/age-override", BODIES),
    ],
)
def test_odd_bodies(
    server: Running, web: httpx.Client, path: str, bodies: list[str], csrf: str, reading: None
) -> None:
    headers = {"Content-Type": "application/json", "X-CSRF-Token": csrf}
    odd = [b"\xff\xfe{\x00}\x00", b"\xff\xff"]
    for content in [*(body.encode("utf-8", "surrogatepass") for body in bodies), *odd]:
        answer = web.post(path, content=content, headers=headers)
        assert answer.status_code < 500, (path, content[:80], answer.text[:300])
        if answer.headers.get("content-type", "").startswith("application/"):
            json.loads(answer.content)
    served(server)


def test_odd_headers(server: Running, web: httpx.Client, csrf: str) -> None:
    for headers in HEADERS:
        coded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        for path in ("/api/me", "/api/readings", "/", "/static/app.js"):
            assert web.get(path, headers=coded).status_code < 500, (path, headers)
    for kind in TYPES:
        head = [
            (b"Content-Type", kind.encode("latin-1")),
            (b"X-CSRF-Token", csrf.encode()),
            (b"X-File-Name", b"%FF%00%ZZ"),
        ]
        answer = web.post("/api/readings", content=b"--x\r\n\r\n", headers=head)
        assert answer.status_code < 500, (kind, answer.text)
    served(server)


@pytest.mark.parametrize("content", RAW, ids=range(len(RAW)))
def test_odd_bytes(server: Running, content: bytes) -> None:
    where = urlsplit(server.address)
    answer = b""
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                answer += part
        except ConnectionError:
            pass
    assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(b"HTTP/1.1 501"), answer[:200]
    served(server)


@pytest.fixture
def csrf(web: httpx.Client) -> str:
    return str(web.get("/api/me").json()["csrf_token"])


@pytest.fixture(scope="module")
def reading(server: Running, radiographs: list[Path]) -> None:
    film = radiographs[0]
    answer = httpx.post(
        f"{server.address}api/readings",
        content=film.read_bytes(),
        headers={"Content-Type": "image/jpeg", "X-File-Name": film.name},
        timeout=100,
    )
    assert answer.status_code == 201, answer.text
