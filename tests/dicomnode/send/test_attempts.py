"""What archives answer, and what that means for a delivery."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support.node_peers import Archive, archive
from tests.support.node_samples import radiograph, written

from neumo.core.errors import ArchiveUnreachableError, ConfigError
from neumo.dicomnode.config import CStoreDestination
from neumo.dicomnode.send.attempts import SENT, Attempt, Fate, worst
from neumo.dicomnode.send.c_store import send_by_c_store
from neumo.dicomnode.send.dicomweb import Service, search, store
from neumo.dicomnode.work.results import load_results


@contextmanager
def web(status: int, body: bytes = b"", kind: str = "application/dicom+json") -> Iterator[Service]:
    """A DICOMweb service that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Service(f"http://127.0.0.1:{server.server_port}", timeout=10)
        finally:
            server.shutdown()
            thread.join()


def _uid(value: str) -> dict[str, Any]:
    return {"vr": "UI", "Value": [value]}


@pytest.mark.parametrize(
    ("status", "fate"),
    [(503, Fate.UNAVAILABLE), (401, Fate.UNAVAILABLE), (409, Fate.REFUSED), (415, Fate.REFUSED)],
)
def test_statuses_of_stow(tmp_path: Path, status: int, fate: Fate) -> None:
    with web(status) as service:
        (attempt,) = store(service, [written(radiograph(), tmp_path / "a.dcm")])
    assert attempt == Attempt(fate, f"HTTP {status}")


@pytest.mark.parametrize(("reason", "fate"), [(0xA700, Fate.BUSY), (0x0110, Fate.REFUSED)])
def test_one_failed_instance_of_stow(tmp_path: Path, reason: int, fate: Fate) -> None:
    good, bad = radiograph(), radiograph()
    item = {"00081155": _uid(bad.SOPInstanceUID), "00081197": {"vr": "US", "Value": [reason]}}
    body = json.dumps({"00081198": {"vr": "SQ", "Value": [item]}})
    files = [written(good, tmp_path / "a.dcm"), written(bad, tmp_path / "b.dcm")]
    with web(200, body.encode()) as service:
        assert store(service, files) == [SENT, Attempt(fate, f"failure reason {reason:04X}")]


def test_an_answer_that_is_none_counts_as_unavailable(tmp_path: Path) -> None:
    with web(200, b"<html>", "application/json") as service:
        (attempt,) = store(service, [written(radiograph(), tmp_path / "a.dcm")])
    assert attempt.fate is Fate.UNAVAILABLE


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1}'])
def test_a_search_that_is_none_is_told(body: bytes) -> None:
    with web(200, body) as service, pytest.raises(ArchiveUnreachableError):
        list(search(service, {}))


def test_an_archive_that_ignores_offsets_is_asked_no_further() -> None:
    rows = [(f"1.{i}", "2", f"3.{i}") for i in range(120)] + [("../x", "2", "3")]
    tags = ("0020000D", "0020000E", "00080018")
    body = json.dumps([dict(zip(tags, map(_uid, row), strict=True)) for row in rows]).encode()
    with web(200, body) as service:
        assert len(list(search(service, {}))) == 120
        assert len(list(search(service, {}, limit=7))) == 7


def test_answers_of_c_store(tmp_path: Path) -> None:
    ours = radiograph()
    other = radiograph(SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    files = [written(ours, tmp_path / f"{i}.dcm") for i in range(5)] + [
        written(other, tmp_path / "other.dcm")
    ]
    with archive(Archive([0, 0xB000, 0xA700, 0xC001]), classes=[ours.SOPClassUID]) as pacs:
        to = CStoreDestination(
            name="a", kind="c-store", ae_title="ARCHIVE", host="127.0.0.1", port=pacs.port, timeout=10
        )
        fates = [attempt.fate for attempt in send_by_c_store(to, "NEUMO", files)]
    assert fates == [Fate.SENT, Fate.SENT, Fate.BUSY, Fate.REFUSED, Fate.SENT, Fate.REFUSED]


def test_the_worst_attempt_decides() -> None:
    busy, refused = Attempt(Fate.BUSY), Attempt(Fate.REFUSED)
    assert worst([]) == SENT
    assert worst([SENT, busy]) == busy
    assert worst([busy, refused, SENT]) == refused


@pytest.mark.parametrize("name", ["no.such.module:f", "json:nothing", "json:__doc__"])
def test_makers_that_are_none_are_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"read\.results"):
        load_results(name)
