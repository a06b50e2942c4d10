"""DICOMweb: what services answer, and what that means for a search, a retrieval and a delivery."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from tests.support.http_server import QuietHandler, serving_with
from tests.support.node_samples import radiograph, written

from neumo.core.errors import ArchiveUnreachableError
from neumo.sending import dicomweb
from neumo.sending.attempts import SENT, Attempt, Fate
from neumo.sending.dicomweb import Instance, Service, retrieve, search, store

AT_WORK = 'multipart/related; type="application/dicom"; boundary=part'


@contextmanager
def web(status: int, body: bytes = b"", kind: str = "application/dicom+json") -> Iterator[Service]:
    """A DICOMweb service that answers everything alike."""

    class Handler(QuietHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

    with serving_with(Handler) as address:
        yield Service(f"http://{address}", timeout=10)


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


def multipart(dataset: Dataset) -> bytes:
    content = BytesIO()
    dataset.save_as(content, enforce_file_format=True)
    return b"--part\r\nContent-Type: application/dicom\r\n\r\n" + content.getvalue() + b"\r\n--part--"


def instance_of(dataset: Dataset) -> Instance:
    return Instance(dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)


def test_an_object_is_retrieved_whole() -> None:
    sent = radiograph()
    with web(200, multipart(sent), AT_WORK) as service:
        assert retrieve(service, instance_of(sent)) == sent


def test_another_object_than_was_asked_for_is_refused() -> None:
    sent = radiograph()
    with (
        web(200, multipart(radiograph()), AT_WORK) as service,
        pytest.raises(ArchiveUnreachableError, match="another object"),
    ):
        retrieve(service, instance_of(sent))


@pytest.mark.parametrize(("status", "why"), [(404, "HTTP 404"), (200, "does not give an object")])
def test_an_object_that_does_not_come_is_told(status: int, why: str) -> None:
    with (
        web(status, b"<html>", "text/html") as service,
        pytest.raises(ArchiveUnreachableError, match=why),
    ):
        retrieve(service, instance_of(radiograph()))


def test_nobody_listens(tmp_path: Path) -> None:
    service = Service("http://127.0.0.1:9", timeout=10)
    with pytest.raises(ArchiveUnreachableError, match="cannot be searched"):
        list(search(service, {}))
    (attempt,) = store(service, [written(radiograph(), tmp_path / "a.dcm")])
    assert attempt.fate is Fate.UNAVAILABLE


def test_large_deliveries_are_divided_and_end_where_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [written(radiograph(), tmp_path / f"{number}.dcm") for number in range(3)]
    monkeypatch.setattr(dicomweb, "MAX_REQUEST_BYTES", files[0].stat().st_size + 1)
    asked = list[int]()

    def store_together(_client: object, group: list[Path]) -> list[Attempt]:
        asked.append(len(group))
        return [SENT if len(asked) == 1 else Attempt(Fate.UNAVAILABLE, "HTTP 503")] * len(group)

    monkeypatch.setattr(dicomweb, "_store_together", store_together)
    attempts = store(Service("http://127.0.0.1:9"), files)
    assert [attempt.fate for attempt in attempts] == [Fate.SENT, Fate.UNAVAILABLE, Fate.UNAVAILABLE]
    assert asked == [1, 1]
    assert store(Service("http://127.0.0.1:9"), []) == []


def test_credentials_and_authority_go_with_every_request(tmp_path: Path) -> None:
    client = dicomweb._client(Service("https://pacs.example/", "reader", "secret", tmp_path / "ca.pem"))
    assert client._session.auth == ("reader", "secret")
    assert client._session.verify == str(tmp_path / "ca.pem")
    assert dicomweb._client(Service("https://pacs.example")).base_url == "https://pacs.example"


def test_a_search_is_paged_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"0020000D": _uid(f"1.{i}"), "0020000E": _uid("2"), "00080018": _uid(f"3.{i}")} for i in range(250)
    ]

    def page(_client: object, _service: object, filters: Any, offset: int) -> list[Any]:
        assert filters == {"Modality": "CR"}
        return rows[offset : offset + 100]

    monkeypatch.setattr(dicomweb, "_page", page)
    service = Service("http://127.0.0.1:9")
    assert [one.sop_instance_uid for one in search(service, {"Modality": "CR"})] == [
        f"3.{i}" for i in range(250)
    ]
    assert len(list(search(service, {"Modality": "CR"}, limit=150))) == 150
