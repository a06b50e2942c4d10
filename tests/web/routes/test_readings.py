"""Uploads, readings, worklist and downloads, against a real server."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from tests.support.node_samples import radiograph, written
from tests.support.odd_ages import ODD_AGES
from tests.support.web_running import Running

from neumo.records.audit_trail import trail
from neumo.records.database import connect


def upload(web: httpx.Client, file: Path, **headers: str) -> httpx.Response:
    given = {"Content-Type": "image/jpeg", "X-File-Name": file.name, **headers}
    return web.post("/api/readings", content=file.read_bytes(), headers=given)


@pytest.fixture
def read(web: httpx.Client, radiographs: list[Path]) -> dict[str, object]:
    answer = upload(web, radiographs[0])
    assert answer.status_code in (200, 201), answer.text
    value: dict[str, object] = answer.json()
    return value


def test_the_same_bytes_are_read_once(web: httpx.Client, radiographs: list[Path]) -> None:
    first = upload(web, radiographs[1])
    again = upload(web, radiographs[1], **{"X-File-Name": "other.jpeg"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == f"/api/readings/{first.json()['id']}"
    assert web.get(first.headers["location"]).json() == first.json()


def test_a_reading_has_the_documented_keys(read: dict[str, object]) -> None:
    assert read["status"] == "read"
    assert sum(read["probabilities"].values()) == pytest.approx(1)  # type: ignore[attr-defined]
    assert (read["width"], read["height"], read["pixels_kept"], read["dicom"]) == (64, 64, True, False)
    assert read["class_maps"] == ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"]
    assert read["threshold"] == 0.6
    assert read["field_of_view"] == 0.875
    assert "/" not in str(read["file"])


def test_pictures_are_of_the_kept_pixels(
    web: httpx.Client, read: dict[str, object], radiographs: list[Path]
) -> None:
    answer = web.get(f"/api/readings/{read['id']}/image.png")
    assert answer.headers["content-type"] == "image/png"
    shown = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert np.array_equal(shown, np.asarray(Image.open(radiographs[0]).convert("L")))
    inverse = web.get(f"/api/readings/{read['id']}/image.png", params={"invert": "true", "max_side": 32})
    small = Image.open(io.BytesIO(inverse.content))
    assert max(small.size) == 32
    assert abs(255 - np.asarray(small).mean() - shown.mean()) < 3


def test_grey_levels_come_as_they_are(
    web: httpx.Client, read: dict[str, object], radiographs: list[Path]
) -> None:
    answer = web.get(f"/api/readings/{read['id']}/image.pgm")
    assert answer.headers["content-type"] == "image/x-portable-graymap"
    assert answer.content.startswith(b"P5\n64 64\n255\n")
    shown = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert np.array_equal(shown, np.asarray(Image.open(radiographs[0]).convert("L")))
    small = web.get(f"/api/readings/{read['id']}/image.pgm", params={"max_side": 32})
    assert Image.open(io.BytesIO(small.content)).size == (32, 32)


def test_a_window_spreads_its_grey_levels(web: httpx.Client, read: dict[str, object]) -> None:
    url = f"/api/readings/{read['id']}/image.png"
    narrow = web.get(url, params={"window_center": 128, "window_width": 2})
    assert set(np.unique(np.asarray(Image.open(io.BytesIO(narrow.content))))) <= {0, 127, 128, 255}
    assert web.get(url, params={"window_center": 128}).status_code == 422


def test_heat_maps_of_all_findings_are_transparent_outside_the_field(
    web: httpx.Client, read: dict[str, object]
) -> None:
    for finding in read["class_maps"]:  # type: ignore[attr-defined]
        answer = web.get(f"/api/readings/{read['id']}/heatmap.png", params={"finding": finding})
        heat = np.asarray(Image.open(io.BytesIO(answer.content)))
        assert heat.shape == (64, 64, 4)
        assert heat[:4].max(axis=(0, 1))[3] == 0


def test_posterior_follows_bayes(web: httpx.Client, read: dict[str, object]) -> None:
    url = f"/api/readings/{read['id']}/posterior"
    same = web.get(url).json()
    assert same["probabilities"] == pytest.approx(read["probabilities"])
    rare = web.get(url, params={"prevalence": 0.1, "operating_point": "balanced"}).json()
    p = read["probabilities"]["NORMAL"]  # type: ignore[index]
    odds = p / (1 - p) * (0.9 / 0.1) / (1 / 2)
    assert rare["probabilities"]["NORMAL"] == pytest.approx(odds / (1 + odds))
    found, alarmed = 0.9 * 0.1, 0.2 * 0.9
    assert rare["ppv"] == pytest.approx(found / (found + alarmed)) and same["ppv"] is None
    assert (
        "10.0" in rare["sentences"]["prevalence"] and "phantoms, test" in rare["sentences"]["performance"][0]
    )
    assert same["prevalence"] is None and same["sentences"] == read["sentences"]
    assert web.get(url, params={"prevalence": 1}).status_code == 422
    assert web.get(url, params={"operating_point": "none"}).json()["errors"][0]["field"] == "operating_point"


def test_files_to_take_away(web: httpx.Client, read: dict[str, object], server: Running) -> None:
    base = f"/api/readings/{read['id']}/files"
    assert web.get(f"{base}/json").json()["sha256"] == read["sha256"]
    assert web.get(f"{base}/receipt.json").json() == read["receipt"]
    page = web.get(f"{base}/html", params={"lang": "es"})
    assert "No es un dispositivo médico" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    pdf = web.get(f"{base}/pdf")
    assert pdf.content.startswith(b"%PDF-") and pdf.content == web.get(f"{base}/report.pdf").content
    assert web.get(f"{base}/sr.dcm").json()["code"] == "not_dicom"
    assert web.get(f"{base}/fhir.json").json()["resourceType"] == "Bundle"
    assert web.get(f"{base}/passwd").status_code == 404
    assert list((server.data / "rendered").iterdir()) == []


def test_what_is_taken_away_is_for_the_prevalence_that_is_on_the_screen(
    web: httpx.Client, read: dict[str, object], server: Running
) -> None:
    chosen: dict[str, Any] = {"prevalence": 0.02, "operating_point": "high_sensitivity"}
    base = f"/api/readings/{read['id']}"
    shown = web.get(f"{base}/posterior", params=chosen).json()
    taken = web.get(f"{base}/files/json", params=chosen).json()
    for key in (
        "verdict",
        "finding",
        "probabilities",
        "prediction_set",
        "ppv",
        "evidence",
        "operating_point",
    ):
        assert taken[key] == shown[key], key
    assert taken["prevalence"] == taken["receipt"]["options"]["prevalence"]
    sentence = shown["sentences"]["prevalence"]
    assert "2.0" in sentence
    assert sentence in web.get(f"{base}/files/html", params=chosen).text
    assert sentence in web.get(f"{base}/files/fhir.json", params=chosen).text
    assert web.get(f"{base}/files/pdf", params=chosen).content != web.get(f"{base}/files/pdf").content
    assert web.get(f"{base}/files/json").json()["prevalence_given"] is False, "the reading stays as it was"
    engine = connect(f"sqlite:///{server.data / 'archive.db'}")
    found = [
        (each.detail, each.actor)
        for each in trail(engine, reading=int(str(read["id"])), action="restate", last=5)
    ]
    engine.dispose()
    stated = "prevalence 0.02, operating point high_sensitivity"
    names = ("screen", "reading.json", "report.html", "fhir.json", "report.pdf")
    assert found == [(f"{name} at {stated}", "local") for name in names]
    assert web.get(f"{base}/files/json", params={"operating_point": "none"}).status_code == 422


def test_dicom_gives_reports(web: httpx.Client, tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    source = Path(str(get_testdata_file("RG1_UNCR.dcm")))
    answer = web.post("/api/readings", files={"file": ("Name^Patient.dcm", source.read_bytes())})
    reading = answer.json()
    assert (answer.status_code, reading["status"], reading["dicom"]) == (201, "refused", True)
    assert reading["reasons"][0].startswith("outside_age_range")
    assert "64" in reading["notices"]["reasons"][0]["text"]
    for name in ("sr.dcm", "sc.dcm", "pdf.dcm"):
        file = tmp_path / name
        file.write_bytes(web.get(f"/api/readings/{reading['id']}/files/{name}").content)
        result = dcmread(file)
        assert result.StudyInstanceUID == dcmread(source, stop_before_pixels=True).StudyInstanceUID
    for name in ("ko.dcm", "seg.dcm"):
        none = web.get(f"/api/readings/{reading['id']}/files/{name}")
        assert (none.status_code, none.json()["code"]) == (409, "no_object"), "a refusal has neither"
    assert web.get(f"/api/readings/{reading['id']}/heatmap.png").json()["code"] == "no_answer"


@pytest.mark.filterwarnings("ignore:Invalid value|.*exceeds the maximum length")
def test_odd_ages_are_understood_or_said(web: httpx.Client, radiographs: list[Path], tmp_path: Path) -> None:
    for odd, (elements, stated, understood) in ODD_AGES.items():
        film = written(radiograph(radiographs[0], **elements), tmp_path / "film.dcm")
        answer = web.post("/api/readings", files={"file": ("film.dcm", film.read_bytes())})
        assert answer.status_code == 201, (odd, answer.text)
        notices = [notice["code"] for kind in answer.json()["notices"].values() for notice in kind]
        assert understood == {"age_unreadable", "age_unknown"}.isdisjoint(notices), (odd, notices)
        report = web.get(f"/api/readings/{answer.json()['id']}/files/sr.dcm")
        assert dcmread(io.BytesIO(report.content)).get("PatientAge") == stated, odd


def test_what_is_no_radiograph_is_told_in_the_asked_language(web: httpx.Client) -> None:
    given = {"Content-Type": "application/octet-stream", "Accept-Language": "es-MX, en;q=0.5"}
    answer = web.post("/api/readings", content=b"no image, or so", headers=given)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unreadable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"] == "El archivo no se pudo leer."
    assert problem["reasons"][0]["code"] == "not_an_image"
    assert "El archivo no es una imagen" in problem["reasons"][0]["text"]


def test_a_job_tells_of_each_file(web: httpx.Client, radiographs: list[Path], server: Running) -> None:
    parts = [("f", (file.name, file.read_bytes(), "image/jpeg")) for file in radiographs[2:5]]
    answer = web.post(
        "/api/readings", files=[*parts, ("f", ("broken.png", b"\x89PNG\r\n\x1a\n", "image/png"))]
    )
    assert answer.status_code == 202
    with web.stream("GET", f"{answer.headers['location']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in stream.iter_lines() if line.startswith("data: ")]
    events = [json.loads(line[6:]) for line in lines]
    end = events[-1]
    assert (end["status"], end["done"], end["total"]) == ("finished", 4, 4)
    assert [file["status"] for file in end["files"]] == ["read", "read", "read", "failed"]
    assert end == web.get(answer.headers["location"]).json()
    assert web.delete(answer.headers["location"]).json()["code"] == "finished"
    assert list((server.data / "uploads").iterdir()) == []


def test_the_worklist_pages_and_filters(web: httpx.Client, radiographs: list[Path]) -> None:
    for file in radiographs:
        upload(web, file)
    whole = web.get("/api/readings", params={"limit": 500}).json()
    ids = [item["id"] for item in whole["readings"]]
    assert whole["count"] == len(ids) and whole["sources"] == ["web"]
    assert ids == sorted(ids, reverse=True)
    for sort in ("-time", "time", "-pneumonia", "pneumonia"):
        paged: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = web.get("/api/readings", params={"limit": 4, "sort": sort, **cursor}).json()
            paged += page["readings"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        if "pneumonia" in sort:
            chances = [item["pneumonia"] for item in paged]
            assert chances == sorted(chances, reverse=sort == "-pneumonia")
            assert {i["id"] for i in paged} == {i["id"] for i in whole["readings"] if i["status"] == "read"}
        else:
            assert [item["id"] for item in paged] == (ids if sort == "-time" else ids[::-1])
    some = whole["readings"][0]

    def found(**filters: object) -> set[int]:
        page = web.post("/api/readings/search", json={"limit": 500, **filters}).json()
        return {item["id"] for item in page["readings"]}

    assert found(finding="NORMAL") == {i["id"] for i in whole["readings"] if i["finding"] == "NORMAL"}
    assert found(status="refused") == {i["id"] for i in whole["readings"] if i["status"] == "refused"}
    for verdict in ("pneumonia", "no_pneumonia", "undetermined"):
        listed = {i["id"] for i in whole["readings"] if i["verdict"] == verdict}
        assert found(verdict=verdict) == listed
    assert sum(i["verdict"] is not None for i in whole["readings"]) == len(found(status="read"))
    assert some["id"] in found(q=some["file"][2:9]) and found(q="no such file") == set()
    assert found(q=str(some["id"])) >= {some["id"]}
    day = some["time"][:10]
    assert found(**{"from": day, "to": day}) == set(ids) and found(to="2001-01-01") == set()
    assert found(source="elsewhere") == set()
    assert web.get("/api/readings", params={"cursor": "rubbish"}).json()["errors"][0]["field"] == "cursor"
    assert web.get("/api/export", params={"to": "tomorrow"}).json()["errors"][0]["field"] == "to"
    assert web.get("/api/readings", params={"from": "yesterday"}).json()["errors"][0]["field"] == "from"
    assert web.get("/api/readings", params={"limit": 501}).status_code == 422


def test_export_in_every_format(web: httpx.Client, read: dict[str, object], tmp_path: Path) -> None:
    import csv

    import pyarrow.parquet

    rows = list(csv.DictReader(io.StringIO(web.get("/api/export").text)))
    lines = [json.loads(line) for line in web.get("/api/export?format=jsonl").text.splitlines()]
    file = tmp_path / "readings.parquet"
    file.write_bytes(web.get("/api/export?format=parquet").content)
    table = pyarrow.parquet.read_table(file).to_pylist()
    assert [int(row["id"]) for row in rows] == [line["id"] for line in lines] == [row["id"] for row in table]
    only = web.get("/api/export", params={"id": read["id"], "format": "jsonl"}).json()  # type: ignore[dict-item]
    assert only["id"] == read["id"] and only["p_NORMAL"] == read["probabilities"]["NORMAL"]  # type: ignore[index]


def test_bundle_and_pages(web: httpx.Client) -> None:
    bundle = web.get("/api/bundle").json()
    assert bundle["name"] == "tiny" and bundle["sections"][0]["title"] == "tiny"
    assert web.get("/api/docs").status_code == 200
    assert web.get("/api/openapi.json").json()["openapi"].startswith("3.1")
    assert web.get("/api/runs").status_code == 404
    assert web.get("/nowhere").json()["code"] == "not_found"


def test_nothing_about_a_file_is_logged(web: httpx.Client, server: Running, radiographs: list[Path]) -> None:
    upload(web, radiographs[0], **{"X-File-Name": "Garcia%5EMaria.jpeg"})
    web.get("/api/readings", params={"source": "Garcia"})
    web.get("/Garcia")
    assert '"route": "/api/readings"' in server.logged
    assert "Garcia" not in server.logged
