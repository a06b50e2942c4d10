"""The workbench's background jobs under faults of its machine: files wait, none is blamed, lost or read twice."""

import io
import os
import signal
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.faults import full_disk, no_descriptors
from tests.support.waiting import wait_until
from tests.support.web_held import stopped_readers
from tests.support.web_running import Running, running

pytestmark = pytest.mark.timeout(240)
SHIM = Path(__file__).parent / "clock_shim"


def listed(server: Running) -> list[str]:
    """Names of the radiographs on the worklist, oldest first."""
    answer = httpx.get(f"{server.address}api/readings", params={"limit": 500}, timeout=100).json()
    return sorted(reading["file"] for reading in answer["readings"])


def begin(server: Running, film: Path, packed: Path) -> str:
    """Send a file and an archive of one; return the address of their job."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(packed, packed.name)
    files = [("f", (film.name, film.read_bytes())), ("f", ("films.zip", buffer.getvalue()))]
    answer = httpx.post(f"{server.address}api/readings", files=files, timeout=100)
    assert answer.status_code == 202, answer.text
    return f"{server.address.rstrip('/')}{answer.headers['location']}"


def ended(job: str) -> list[str]:
    """Return the outcome of each file of a job."""
    wait_until(lambda: httpx.get(job, timeout=100).json()["status"] == "finished")
    files: list[dict[str, Any]] = httpx.get(job, timeout=100).json()["files"]
    return [file["reasons"][0]["code"] if file["reasons"] else file["status"] for file in files]


def _exhaust_the_server(server: Running, film: Path, sent: list[str]) -> None:
    """Without descriptors, whoever is connected is told to send again; then all goes on."""
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": film.name}
    with httpx.Client(base_url=server.address, timeout=60) as connected:
        assert connected.get("healthz").status_code == 200
        with no_descriptors([server.process.pid]):
            answer = connected.post("api/readings", content=film.read_bytes(), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "server_fault")
            assert connected.get("healthz").status_code in (200, 503)
        assert connected.post("api/readings", content=film.read_bytes(), headers=headers).status_code == 201
    sent.append(film.name)


def _waits(server: Running) -> int:
    return server.logged.count("job_file_waits")


def _has_waited(server: Running, before: int) -> bool:
    return _waits(server) > before


def test_files_of_jobs_outlast_every_fault_and_are_there_once(
    web_bundle: Path, radiographs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("NEUMO_TEST_CLOCK", str(clock))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SHIM), os.environ.get("PYTHONPATH", "")]))
    films, sent = iter(radiographs), list[str]()

    def two(server: Running) -> str:
        pair = next(films), next(films)
        sent.extend(film.name for film in pair)
        return begin(server, *pair)

    with running(tmp_path / "data", web_bundle, read__processes=1) as server:
        faults: tuple[Callable[[list[int]], AbstractContextManager[None]], ...] = (full_disk, no_descriptors)
        for fault in faults:
            before = _waits(server)
            with fault(server.readers()):
                job = two(server)
                wait_until(partial(_has_waited, server, before))
                assert httpx.get(f"{server.address}static/app.js", timeout=30).status_code == 200
                assert listed(server) == sorted(sent[:-2])
            assert ended(job) == ["read", "read"]
        _exhaust_the_server(server, next(films), sent)
        with stopped_readers(server) as pids:
            job = two(server)
            wait_until(lambda: "reading" in [file["status"] for file in httpx.get(job).json()["files"]])
            os.kill(pids[0], signal.SIGKILL)
        assert ended(job) == ["read", "read"]
        for seconds in (-86_400, 86_400, 0):
            clock.write_text(str(seconds))
            assert ended(two(server)) == ["read", "read"]
            assert listed(server) == sorted(sent)
            first = httpx.get(f"{server.address}api/readings/1/image.pgm", timeout=30)
            assert first.status_code == 200, "nothing is deleted for its age"
        server.process.kill()
        server.process.wait(60)
    with running(tmp_path / "data", web_bundle, read__processes=1) as server:
        assert listed(server) == sorted(sent)
        assert not list((tmp_path / "data" / "uploads").iterdir())
