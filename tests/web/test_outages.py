"""Database outages, retention, and jobs, in servers of a test's own."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine, event
from tests.support.waiting import wait_until
from tests.support.web_held import stopped_readers
from tests.support.web_running import Running, running

from neumo.web.app import create_app
from neumo.web.config import WebConfig
from neumo.web.server import open_workbench
from neumo.worker.config import ReaderConfig


@dataclass
class Outage:
    """An archive's database that can be away."""

    archive: Engine
    away: bool = False
    refused: int = 0
    """Connections that were tried while it was away."""

    def begin(self) -> None:
        self.away, self.refused = True, 0
        self.archive.dispose()

    def end(self) -> None:
        self.away = False


@dataclass
class Embedded:
    """A server in this process."""

    web: httpx.Client
    outage: Outage
    logged: list[str] = field(default_factory=list)


@pytest.fixture
def embedded(tmp_path: Path, web_bundle: Path) -> Iterator[Embedded]:
    config = WebConfig(data=tmp_path / "data", read=ReaderConfig(bundle=str(web_bundle), threads=1))
    workbench = open_workbench(config)
    outage = Outage(workbench.archive)

    def connecting(*_: object) -> None:
        if outage.away:
            outage.refused += 1
            raise sqlite3.OperationalError("unable to open database file")

    event.listen(workbench.archive, "do_connect", connecting)
    server = uvicorn.Server(uvicorn.Config(create_app(workbench), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as web:
            yield Embedded(web, outage)
    finally:
        server.should_exit = True
        thread.join(30)
        workbench.pool.stop()
        workbench.archive.dispose()
        workbench.accounts.dispose()


def send(web: httpx.Client, file: Path, query: str = "") -> httpx.Response:
    return web.post(
        f"/api/readings{query}", content=file.read_bytes(), headers={"Content-Type": "image/jpeg"}
    )


def test_an_archive_that_is_away_is_told_and_nothing_is_lost(
    embedded: Embedded, radiographs: list[Path]
) -> None:
    web = embedded.web
    number = send(web, radiographs[0]).json()["id"]
    embedded.outage.begin()
    calls: tuple[Callable[[], httpx.Response], ...] = (
        lambda: web.get("/api/readings"),
        lambda: web.get(f"/api/readings/{number}"),
        lambda: web.get("/api/export"),
        lambda: send(web, radiographs[1]),
        lambda: web.post(
            f"/api/readings/{number}/decisions",
            json={"conclusion": "NORMAL"},
            headers={"If-Match": '"r0"', "Accept-Language": "es"},
        ),
    )
    for call in calls:
        answer = call()
        assert (answer.status_code, answer.json()["code"]) == (503, "archive_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "sqlite" not in answer.text
    health = web.get("/healthz")
    assert (health.status_code, health.json()["archive"], health.json()["readers"]) == (503, False, 1)
    assert web.get("/api/me").status_code == 200
    embedded.outage.end()
    assert web.get("/healthz").status_code == 200
    assert send(web, radiographs[1]).status_code == 201
    assert web.get("/api/readings").json()["count"] == 2
    assert web.get(f"/api/readings/{number}").json()["revision"] == 0


def test_a_job_outlasts_a_short_outage(embedded: Embedded, radiographs: list[Path]) -> None:
    embedded.outage.begin()
    job = send(embedded.web, radiographs[2], "?async=1").headers["location"]
    wait_until(lambda: embedded.outage.refused > 0)
    assert embedded.web.get(job).json()["done"] == 0
    embedded.outage.end()
    wait_until(lambda: embedded.web.get(job).json()["status"] == "finished")
    (file,) = embedded.web.get(job).json()["files"]
    assert file["status"] in ("read", "refused")
    assert embedded.web.get(f"/api/readings/{file['reading']}").status_code == 200


def test_pixels_go_on_schedule_and_readings_stay(
    tmp_path: Path, web_bundle: Path, radiographs: list[Path]
) -> None:
    data = tmp_path / "data"
    with running(data, web_bundle) as server, httpx.Client(base_url=server.address, timeout=60) as web:
        kept = send(web, radiographs[0]).json()
        assert (kept["pixels_kept"], kept["files_kept"]) == (True, True)
    old = time.time() - 31 * 86_400
    for folder in (data / "kept").glob("??/*"):
        os.utime(folder, (old, old))
    with running(data, web_bundle) as server, httpx.Client(base_url=server.address, timeout=60) as web:
        place = f"/api/readings/{kept['id']}"
        wait_until(lambda: not web.get(place).json()["pixels_kept"])
        later = web.get(place).json()
        assert later["probabilities"] == kept["probabilities"] and later["width"] is None
        assert later["files_kept"] is False
        assert later["notices"]["warnings"][0]["code"] == kept["notices"]["warnings"][0]["code"]
        for path in ("image.png", "image.pgm", "heatmap.png", "files/html", "files/json"):
            answer = web.get(f"{place}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (410, "pixels_deleted"), path
        assert web.get(f"{place}/posterior").status_code == 200
        assert [file for file in (data / "kept").rglob("*") if file.is_file()] == []
        again = send(web, radiographs[0])
        assert (again.status_code, again.json()["id"]) == (200, kept["id"]), (
            "read before, and now shown again"
        )
        assert again.json()["pixels_kept"] is True


def test_a_job_can_be_cancelled(web: httpx.Client, server: Running, radiographs: list[Path]) -> None:
    files = [("f", (file.name, file.read_bytes())) for file in radiographs[:3]]
    with stopped_readers(server):
        job = web.post("/api/readings", files=files).headers["location"]
        wait_until(lambda: web.get(job).json()["status"] == "running")
        assert web.delete(job).status_code == 200
        wait_until(lambda: web.get(job).json()["status"] == "cancelled")
    ended = web.get(job, headers={"Accept-Language": "es"}).json()
    assert [file["status"] for file in ended["files"]] == ["cancelled"] * 3
    assert ended["files"][0]["reasons"][0]["text"] == "La lectura se canceló."
    assert web.delete(job).status_code == 409
    assert list((server.data / "uploads").iterdir()) == []
    assert send(web, radiographs[0]).status_code == 201


def test_events_begin_with_the_whole_job_whenever_one_connects(
    web: httpx.Client, server: Running, radiographs: list[Path]
) -> None:
    files = [("f", (file.name, file.read_bytes())) for file in radiographs[3:5]]
    with stopped_readers(server):
        job = web.post("/api/readings", files=files).headers["location"]
        first = _events(web, job, most=1)
    assert [name for name, _ in first] == ["job"]
    whole = _events(web, job)
    assert whole[0][0] == "job" and whole[-1][0] == "end"
    assert whole[-1][1]["status"] == "finished" and whole[-1][1]["done"] == 2
    assert [name for name, _ in _events(web, job)] == ["job", "end"]


def _events(web: httpx.Client, job: str, most: int = 1000) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    name = ""
    with web.stream("GET", f"{job}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
                if len(found) == most:
                    break
    return found


def test_a_missing_file_or_bundle_is_told_before_listening(tmp_path: Path) -> None:
    from tests.support.commands import run_neumo

    said = run_neumo(
        "serve", "--no-browser", "--port", "0", "--data", tmp_path, "--bundle", tmp_path / "no", status=2
    )
    assert "no" in said and "Traceback" not in said


def test_a_port_that_is_taken_is_told(server: Running, tmp_path: Path, web_bundle: Path) -> None:
    from tests.support.commands import run_neumo

    port = server.address.rstrip("/").rpartition(":")[2]
    said = run_neumo(
        "serve", "--no-browser", "--port", port, "--data", tmp_path, "--bundle", web_bundle, status=2
    )
    assert "choose another with --port" in " ".join(said.split())
