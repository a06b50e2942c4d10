"""The workbench under faults of its machine and database: nothing answered is lost or doubled, others are served."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest
from tests.support.archive_databases import administer, new_name
from tests.support.faults import frozen, full_disk, no_descriptors, readers_of
from tests.support.waiting import wait_until
from tests.support.web_running import Running, add_people, logged_in, running

SHIM = Path(__file__).parent / "clock_shim"
pytestmark = pytest.mark.timeout(240)


def upload(server: Running, film: Path) -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": film.name}
    return httpx.post(
        f"{server.address}api/readings", content=film.read_bytes(), headers=headers, timeout=100
    )


def listed(server: Running) -> list[str]:
    """Names of the radiographs on the worklist."""
    answer = httpx.get(f"{server.address}api/readings", params={"limit": 500}, timeout=100).json()
    return [reading["file"] for reading in answer["readings"]]


def served(server: Running) -> bool:
    """Whether other people are served what needs neither disk nor database."""
    return httpx.get(f"{server.address}static/app.js", timeout=30).status_code == 200


def test_a_clock_that_is_set_ends_no_session_and_prolongs_none(
    web_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, data = tmp_path / "clock", tmp_path / "data"
    clock.write_text("0")
    monkeypatch.setenv("NEUMO_TEST_CLOCK", str(clock))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SHIM), os.environ["PYTHONPATH"]]))
    add_people(data, ana="reader", ben="reader")
    with running(data, web_bundle) as server, ExitStack() as opened:
        browsers = [opened.enter_context(logged_in(server.address, "ana"))]
        for seconds in (2 * 86_400, -2 * 86_400, 0, 300, -300):
            clock.write_text(str(seconds))
            browsers.append(opened.enter_context(logged_in(server.address, "ben")))
            assert [browser.get("api/me").status_code for browser in browsers] == [200] * len(browsers)
    clock.write_text(str(-2 * 86_400))
    with running(data, web_bundle) as server:
        cookies = [browser.cookies for browser in browsers]
        answers = [httpx.get(f"{server.address}api/me", cookies=one).status_code for one in cookies]
        assert answers == [401] * len(browsers), "a session is not two days longer for a clock that is behind"
        with logged_in(server.address, "ana") as browser:
            assert browser.get("api/me").status_code == 200


@pytest.fixture
def database(postgresql: str) -> Iterator[tuple[str, str]]:
    """Name and folder of a database of its own, and its URL."""
    name = new_name()
    administer(postgresql, f"CREATE DATABASE {name}")
    yield name, f"postgresql://postgres@/{name}?host={postgresql}"


def servers_of(folder: str) -> list[int]:
    """Processes of the PostgreSQL server whose socket lies in a folder."""
    (main,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if folder in (process.info["cmdline"] or []) and "-k" in process.info["cmdline"]
    )
    return [main.pid, *(child.pid for child in main.children(recursive=True))]


def test_every_fault_passes_and_what_was_answered_is_there_once(
    database: tuple[str, str], postgresql: str, web_bundle: Path, radiographs: list[Path], tmp_path: Path
) -> None:
    films, answered = iter(radiographs), list[str]()
    name, url = database

    def answers(server: Running, film: Path) -> int:
        answer = upload(server, film)
        if answer.status_code in (200, 201):
            answered.append(film.name)
        return answer.status_code

    with running(tmp_path / "data", web_bundle, archive=url, read__processes=1) as server:
        assert answers(server, next(films)) == 201
        (reader,) = readers_of(server.process.pid)
        for fault, status in ((full_disk, 507), (no_descriptors, 503)):
            film = next(films)
            with fault([reader]):
                assert answers(server, film) == status
                assert served(server) and len(listed(server)) == len(answered)
            assert answers(server, film) == 201
        film = next(films)
        with full_disk([server.process.pid]):
            assert answers(server, film) == 507
            assert served(server)
        assert answers(server, film) == 201
        film = next(films)
        began = time.monotonic()
        with frozen(servers_of(postgresql)), ThreadPoolExecutor(4) as pool:
            sent = pool.submit(answers, server, film)
            assert served(server)
            assert sent.result() == 503 and served(server)
            assert httpx.get(f"{server.address}healthz", timeout=100).status_code == 503
        assert time.monotonic() - began < 90
        wait_until(lambda: httpx.get(f"{server.address}healthz", timeout=100).status_code == 200)
        assert answers(server, film) in (200, 201)
        film = next(films)
        administer(postgresql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        administer(
            postgresql, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        assert answers(server, film) == 503 and served(server)
        administer(postgresql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        wait_until(lambda: answers(server, film) in (200, 201))
        server.process.kill()
        server.process.wait(60)
    with running(tmp_path / "data", web_bundle, archive=url, read__processes=1) as server:
        found = listed(server)
        assert len(found) == len(set(found)) and set(found) >= set(answered)
        assert not list((tmp_path / "data" / "uploads").iterdir())
