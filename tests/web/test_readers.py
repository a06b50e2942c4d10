"""Reader processes that crash or hang, full queues, and clients that disconnect, against a real server."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.waiting import wait_until
from tests.support.web_held import left_over, send, stopped_readers
from tests.support.web_running import Running, running

pytestmark = pytest.mark.usefixtures("installed_children")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    """A server that waits a short while for its readers and for what uploads send."""
    data = tmp_path_factory.mktemp("web-impatient") / "data"
    with running(data, web_bundle, read__timeout=1.5, limits__idle=1) as started:
        yield started


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    """A server that takes few files and few connections at once."""
    data = tmp_path_factory.mktemp("web-narrow") / "data"
    with running(data, web_bundle, limits__waiting=2, listen__connections=8) as started:
        yield started


def test_a_reader_that_crashes_fails_that_file_only(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    def file_of(job: str) -> dict[str, Any]:
        (file,) = web.get(job).json()["files"]
        return dict(file)

    with stopped_readers(server) as pids:
        job = send(web, radiographs[0].read_bytes(), "a.jpeg", "?async=1").headers["location"]
        wait_until(lambda: file_of(job)["status"] == "reading")
        os.kill(pids[0], signal.SIGABRT)
        os.kill(pids[0], signal.SIGCONT)
        wait_until(lambda: web.get(job).json()["status"] == "finished")
    assert (file_of(job)["status"], file_of(job)["reasons"][0]["code"]) == ("failed", "crash")
    lost = web.get(f"/api/readings/{file_of(job)['reading']}").json()
    assert (lost["file"], lost["status"], lost["receipt"]["reasons"]) == ("a.jpeg", "failed", ["crash"])
    assert left_over(server) == []
    again = send(web, radiographs[0].read_bytes())
    assert again.status_code == 201, "the same file is not held against it"
    assert server.readers() != pids


def test_a_file_is_not_blamed_for_a_reader_that_the_system_kills(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    """As it does where memory runs out: a file of a job is read again, and one that is waited for is sent again."""
    film = radiographs[1].read_bytes()
    with stopped_readers(server) as pids:
        job = send(web, film, query="?async=1").headers["location"]
        wait_until(lambda: web.get(job).json()["files"][0]["status"] == "reading")
        os.kill(pids[0], signal.SIGKILL)
        wait_until(lambda: web.get(job).json()["status"] == "finished")
    assert [file["status"] for file in web.get(job).json()["files"]] == ["read"]
    with stopped_readers(server) as pids, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send, web, radiographs[2].read_bytes())
        wait_until(lambda: left_over(server))
        os.kill(pids[0], signal.SIGKILL)
        assert (answer.result().status_code, answer.result().json()["code"]) == (503, "server_fault")
    assert send(web, radiographs[2].read_bytes()).status_code == 201
    assert left_over(server) == []


def test_a_reader_that_hangs_is_killed(impatient: Running, radiographs: list[Path]) -> None:
    with httpx.Client(base_url=impatient.address, timeout=60) as web:
        with stopped_readers(impatient) as pids:
            answer = send(web, radiographs[0].read_bytes())
        assert (answer.status_code, answer.json()["status"]) == (201, "failed")
        assert [reason["code"] for reason in answer.json()["notices"]["reasons"]] == ["timeout"]
        wait_until(lambda: bool(impatient.readers()) and impatient.readers() != pids)
        assert send(web, radiographs[0].read_bytes()).status_code == 201


def test_a_full_queue_says_so_at_once(narrow: Running, radiographs: list[Path]) -> None:
    with httpx.Client(base_url=narrow.address, timeout=60) as web:
        with stopped_readers(narrow):
            files = [("f", (file.name, file.read_bytes())) for file in radiographs[:2]]
            job = web.post("/api/readings", files=files).headers["location"]
            refused = send(web, radiographs[2].read_bytes())
            assert (refused.status_code, refused.json()["code"]) == (503, "busy")
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert web.get("/api/readings").status_code == 200, "what is on record can be looked at"
        wait_until(lambda: web.get(job).json()["status"] == "finished")
        assert [file["status"] for file in web.get(job).json()["files"]] == ["read", "read"]
        assert send(web, radiographs[2].read_bytes()).status_code == 201


def test_the_same_bytes_at_once_are_one_reading(web: httpx.Client, radiographs: list[Path]) -> None:
    content = radiographs[5].read_bytes()
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: send(web, content), range(6)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["id"] for answer in answers}) == 1


def half_sent(server: Running, content: bytes) -> socket.socket:
    """Begin an upload, and send half of it."""
    where = urlsplit(server.address)
    connection = socket.create_connection((where.hostname, where.port), timeout=30)
    head = "POST /api/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
    connection.sendall(
        f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[: len(content) // 2]
    )
    return connection


def test_an_upload_that_is_cut_leaves_nothing(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    before = web.get("/api/readings").json()["count"]
    with half_sent(server, radiographs[3].read_bytes()):
        wait_until(lambda: len(left_over(server)) == 1)
    wait_until(lambda: left_over(server) == [])
    assert web.get("/api/readings").json()["count"] == before
    assert "Traceback" not in server.logged


def test_an_upload_that_stops_coming_is_given_up(impatient: Running, radiographs: list[Path]) -> None:
    with half_sent(impatient, radiographs[3].read_bytes()) as connection:
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 408") and b'"slow"' in answer
    assert left_over(impatient) == []


def test_who_leaves_while_it_is_read_finds_it_later(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    content, before = radiographs[4].read_bytes(), web.get("/api/readings").json()["count"]
    with stopped_readers(server), half_sent(server, content) as connection:
        connection.sendall(content[len(content) // 2 :])
        wait_until(lambda: len(left_over(server)) == 1)
    wait_until(lambda: web.get("/api/readings").json()["count"] == before + 1)
    wait_until(lambda: left_over(server) == [])
    assert send(web, content).status_code == 200


def test_a_server_that_is_told_to_stop_ends_soon_and_takes_its_readers_along(
    start: Callable[..., Running], radiographs: list[Path]
) -> None:
    import psutil

    server = start()
    with httpx.Client(base_url=server.address, timeout=60) as web, stopped_readers(server) as pids:
        thread = threading.Thread(target=lambda: _ignored(web, radiographs[0].read_bytes()))
        thread.start()
        wait_until(lambda: len(left_over(server)) == 1)
        server.process.terminate()
        assert server.process.wait(20) == 0
        thread.join(10)
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert "Traceback" not in server.logged


def _ignored(web: httpx.Client, content: bytes) -> None:
    with suppress(httpx.TransportError):
        send(web, content)


def test_too_many_requests_at_once_are_told_to_come_back(narrow: Running, radiographs: list[Path]) -> None:
    content = radiographs[0].read_bytes()
    with ExitStack() as held, httpx.Client(base_url=narrow.address, timeout=30) as web:
        for _ in range(8):
            held.enter_context(half_sent(narrow, content))
        wait_until(lambda: len(left_over(narrow)) == 8)
        answer = web.get("/api/me")
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert int(answer.headers["retry-after"]) > 0
        held.close()
        wait_until(lambda: web.get("/api/me").status_code == 200)


def test_a_killed_server_takes_its_readers_along_and_what_it_left_half_taken_goes_later(
    tmp_path: Path, web_bundle: Path, radiographs: list[Path]
) -> None:
    import psutil

    data = tmp_path / "data"
    with running(data, web_bundle) as server, half_sent(server, radiographs[0].read_bytes()):
        wait_until(lambda: len(left_over(server)) == 1)
        (pid,) = server.readers()
        server.process.kill()
        server.process.wait(10)
        wait_until(lambda: not psutil.pid_exists(pid))
    assert len(left_over(server)) == 1
    with running(data, web_bundle) as server, httpx.Client(base_url=server.address, timeout=60) as web:
        assert left_over(server) == []
        assert send(web, radiographs[0].read_bytes()).status_code == 201
