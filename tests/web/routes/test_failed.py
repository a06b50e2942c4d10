"""Files that are meant as radiographs and cannot be read: recorded, listed, decided on, taken along, removed."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from pypdf import PdfReader
from tests.support.commands import call_neumo
from tests.support.node_samples import radiograph, with_meta
from tests.support.web_running import Running, add_people, logged_in, running

from neumo.core.decision import Conclusion
from neumo.core.lost_file import LOST
from neumo.core.reading import Reading, Status
from neumo.records.database import open_archive
from neumo.records.store import record
from neumo.results.dicom import read_back
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language
from neumo.web.people.accounts import open_accounts, set_verifier
from neumo.web.people.verifier import Verifier

NAME = "Quijano_Dulcinea.dcm"
NOTE = "film seen elsewhere"


def dicom(cut: int = 0, syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> bytes:
    """A radiograph of a patient without its last bytes."""
    dataset = radiograph(PatientName="Quijano^Dulcinea", PatientID="MRN-4711", **elements)
    if syntax.is_encapsulated:
        dataset.PixelData = encapsulate([b"no frame"])
    buffer = io.BytesIO()
    with_meta(dataset, syntax).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()[: -cut or None]


KINDS = {
    "cut.dcm": dicom(cut=2000),
    "no-pixels.dcm": dicom(PixelData=b""),
    "film.mpg.dcm": dicom(syntax=MPEG2MPML),
    "deflated.dcm": dicom(40, DeflatedExplicitVRLittleEndian),
    "broken.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "noise.jpeg": b"\xff\xd8\xff\xe0" + b"noise" * 50,
    "letter.png": b"no image at all",
    "IM0001": b"no object",
    "empty.png": b"",
}
"""Files that are meant as radiographs, by their names or first bytes."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("failed") / "data"
    add_people(data, ana="reader", cleo="reader", rita="researcher")
    accounts = open_accounts(data)
    set_verifier(accounts, "ana", Verifier("García^Ana", "Hospital Toboso"))
    accounts.dispose()
    with running(data, web_bundle) as server:
        yield server
    assert "Quijano" not in server.logged and "Traceback" not in server.logged


@pytest.fixture
def ana(opened: Running) -> Iterator[httpx.Client]:
    with logged_in(opened.address, "ana") as person:
        yield person


def send(web: httpx.Client, content: bytes, name: str, query: str = "") -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": name}
    return web.post(f"/api/readings{query}", content=content, headers=headers)


def decide(web: httpx.Client, number: int, conclusion: str, **more: str) -> httpx.Response:
    revision = web.get(f"/api/readings/{number}/decisions").headers["etag"]
    body = {"conclusion": conclusion, **more}
    return web.post(f"/api/readings/{number}/decisions", json=body, headers={"If-Match": revision})


def test_each_kind_is_recorded_once_with_its_reason_and_no_picture(ana: httpx.Client) -> None:
    for name, content in KINDS.items():
        first, again = send(ana, content, name), send(ana, content, "other.dcm")
        assert (first.status_code, again.status_code) == (201, 200), (name, first.text)
        failed = first.json()
        assert again.json()["id"] == failed["id"] and again.json()["file"] == name
        assert (failed["status"], failed["verdict"], failed["finding"]) == ("failed", None, None)
        (reason,) = failed["notices"]["reasons"]
        assert failed["receipt"]["reasons"] == [reason["code"]]
        spanish = ana.get(first.headers["location"], headers={"Accept-Language": "es"}).json()
        assert spanish["notices"]["reasons"][0]["text"]
        assert (failed["pixels_kept"], failed["class_maps"], failed["width"]) == (False, [], None)
        for path, code in (
            ("image.png", "no_pixels"),
            ("image.pgm", "no_pixels"),
            ("heatmap.png", "no_answer"),
            ("posterior", "no_answer"),
        ):
            problem = ana.get(f"{first.headers['location']}/{path}").json()
            assert problem["code"] == code, name


def test_what_is_no_radiograph_by_name_and_content_is_turned_away(ana: httpx.Client) -> None:
    before = ana.get("/api/readings").json()["count"]
    for name, content in (("notes.txt", b"nothing"), ("blob", b"\0" * 50), (".film.png", b"x"), ("", b"")):
        answer = send(ana, content, name)
        assert (answer.status_code, answer.json()["code"]) == (422, "unreadable")
        job = send(ana, content, name, "?async=1").headers["location"]
        with ana.stream("GET", f"{job}/events") as events:
            ended = [line for line in events.iter_lines() if line.startswith("data: ")][-1]
        (file,) = json.loads(ended.removeprefix("data: "))["files"]
        assert (file["status"], file["reading"]) == ("failed", None) and file["reasons"]
    assert ana.get("/api/readings").json()["count"] == before


def test_failures_are_counted_as_such_in_lists_and_exports(ana: httpx.Client) -> None:
    number = send(ana, KINDS["cut.dcm"], "cut.dcm").json()["id"]

    def found(**filters: Any) -> set[int]:
        page = ana.post("/api/readings/search", json={"limit": 500, **filters}).json()
        assert page["count"] == len(page["readings"])
        return {row["id"] for row in page["readings"]}

    assert number in found(status="failed") & found() & found(patient="quijano") & found(q="cut.dcm")
    assert number not in found(status="read") | found(status="refused") | found(sort="-pneumonia")
    for verdict in ("pneumonia", "no_pneumonia", "undetermined"):
        assert number not in found(verdict=verdict)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(ana.get("/api/export").text))}
    row = rows[str(number)]
    assert (row["status"], row["verdict"], row["finding"], row["p_NORMAL"]) == ("failed", "", "", "")
    assert row["reasons"].startswith("not_an_image")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_stands_in_every_file_that_can_be_made(ana: httpx.Client, language: Language) -> None:
    t, conclusion = texts(language), t_conclusion(language)
    content = dicom(cut=1000, StudyID=language)
    number = send(ana, content, NAME).json()["id"]
    asked = {"lang": language}

    def file(name: str) -> httpx.Response:
        return ana.get(f"/api/readings/{number}/files/{name}", params=asked)

    nobody = t("readings.decision.none")
    assert nobody in file("report.html").text and nobody in pdf_text(file("report.pdf").content)
    assert t("readings.status.failed") in pdf_text(file("report.pdf").content)
    for name, code in {
        **dict.fromkeys(("sr.dcm", "pdf.dcm", "fhir.json"), "undecided"),
        **dict.fromkeys(("sc.dcm", "seg.dcm", "ko.dcm"), "no_object"),
    }.items():
        assert (file(name).status_code, file(name).json()["code"]) == (409, code), name
    assert decide(ana, number, "AGREE").json()["code"] == "no_finding"
    decided = decide(ana, number, "INADEQUATE_IMAGE", note=NOTE)
    assert decided.status_code == 201
    (decision,) = decided.json()["decisions"]
    assert (decision["agrees"], decision["blinded"]) == (None, False)

    stated = file("reading.json").json()["decision"]
    assert (stated["conclusion"], stated["person"], stated["note"]) == ("INADEQUATE_IMAGE", "ana", NOTE)
    for text in (file("report.html").text, pdf_text(file("report.pdf").content)):
        assert NOTE in text and conclusion in text and "Hospital Toboso" in text
    report = dcmread(io.BytesIO(file("sr.dcm").content))
    told = read_back(report)
    assert (told.status, told.answer, told.conclusion, told.verified) == (
        Status.FAILED, None, Conclusion.INADEQUATE_IMAGE, True,
    )  # fmt: skip
    assert told.reasons and str(report.PatientName) == "Quijano^Dulcinea"
    assert dcmread(io.BytesIO(file("pdf.dcm").content)).VerificationFlag == "VERIFIED"
    fhir = file("fhir.json").json()
    by_kind = {entry["resource"]["resourceType"]: entry["resource"] for entry in fhir["entry"][:1]}
    assert by_kind["DiagnosticReport"]["status"] == "final"
    assert t("readings.banner.failed") in by_kind["DiagnosticReport"]["conclusion"]
    assert NOTE in json.dumps(fhir) and '"error"' in json.dumps(fhir)
    for name in ("sc.dcm", "seg.dcm", "ko.dcm"):
        assert file(name).json()["code"] == "no_object"


def test_an_image_file_is_decided_on_without_patient_and_study(ana: httpx.Client) -> None:
    number = send(ana, KINDS["broken.png"], "broken.png").json()["id"]
    assert decide(ana, number, "OTHER_ABNORMAL", abnormality="effusion").status_code == 201
    files = {name: ana.get(f"/api/readings/{number}/files/{name}") for name in ("fhir.json", "sr.dcm")}
    assert "effusion" in files["fhir.json"].text
    assert (files["sr.dcm"].status_code, files["sr.dcm"].json()["code"]) == (422, "not_dicom")
    rows = csv.DictReader(io.StringIO(ana.get("/api/export", params={"id": number}).text))
    (row,) = rows
    assert (row["decision"], row["abnormality"], row["decided_by"]) == ("OTHER_ABNORMAL", "effusion", "ana")


def test_members_of_an_archive_and_files_of_a_job_are_recorded_too(ana: httpx.Client) -> None:
    files = [("f", (name, content + b"of a job", "image/png")) for name, content in KINDS.items()]
    job = ana.post("/api/readings", files=files).headers["location"]
    with ana.stream("GET", f"{job}/events") as events:
        ended = [line for line in events.iter_lines() if line.startswith("data: ")][-1]
    told = json.loads(ended.removeprefix("data: "))["files"]
    assert [file["status"] for file in told[1:]] == ["failed"] * (len(KINDS) - 1)
    for file in told[1:]:
        stored = ana.get(f"/api/readings/{file['reading']}").json()
        assert (stored["file"], stored["status"]) == (file["name"], "failed")


def test_others_decisions_are_hidden_until_a_blinded_person_decides(
    opened: Running, ana: httpx.Client
) -> None:
    number = send(ana, KINDS["noise.jpeg"], "noise.jpeg").json()["id"]
    decide(ana, number, "WRONG_IMAGE")
    with logged_in(opened.address, "cleo") as cleo:
        assert cleo.patch("/api/me", json={"blinded": True}).status_code == 200
        before = cleo.get(f"/api/readings/{number}").json()
        assert (before["status"], before["withheld"], before["decisions"]) == ("failed", True, [])
        after = decide(cleo, number, "INADEQUATE_IMAGE").json()["decisions"]
    assert [(one["person"], one["blinded"]) for one in after] == [("ana", False), ("cleo", False)]


def test_a_researcher_is_not_told_the_name_of_a_file_that_may_name_a_patient(
    opened: Running, ana: httpx.Client
) -> None:
    content = b"\x89PNG\r\n\x1a\n" + b"named"
    number = send(ana, content, NAME).json()["id"]
    with logged_in(opened.address, "rita") as rita:
        told = rita.get(f"/api/readings/{number}")
        assert told.json()["file"].startswith("unread:")
        for answer in (
            told,
            rita.get("/api/readings"),
            rita.get("/api/export"),
            rita.get(f"/api/readings/{number}/files/reading.json"),
            rita.get(f"/api/readings/{number}/files/report.html"),
        ):
            assert answer.status_code == 200 and "Quijano" not in answer.text
        assert rita.post("/api/readings/search", json={"q": "dulcinea"}).json()["readings"] == []
    assert ana.post("/api/readings/search", json={"q": "dulcinea"}).json()["readings"]


@pytest.mark.parametrize("recorded", ["here", "elsewhere"])
def test_of_a_failure_no_pixels_are_said_to_be_deleted(
    opened: Running, ana: httpx.Client, recorded: str
) -> None:
    if recorded == "here":
        number = send(ana, dicom(cut=700), "cut.dcm").json()["id"]
        for file in (opened.data / "kept").rglob("*.kept"):
            file.unlink()
    else:
        engine = open_archive(str(opened.data / "archive.db"))
        failed = Reading("1.2.3", None, Status.FAILED, reasons=(LOST["crash"],))
        number = record(engine, failed, source="xray", actor="neumo listen")
        engine.dispose()
    shown = ana.get(f"/api/readings/{number}").json()
    assert (shown["dicom"], shown["files_kept"]) == (False, False)
    for name in ("report.pdf", "report.html", "reading.json"):
        for language in LANGUAGES:
            asked = {"Accept-Language": language}
            answer = ana.get(f"/api/readings/{number}/files/{name}", headers=asked)
            assert (answer.status_code, answer.json()["code"]) == (410, "nothing_kept")
            assert not re.search("p[ií]x|delet|borr", answer.text)


def test_a_removed_failure_leaves_neither_file_nor_name(
    opened: Running, ana: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    content = dicom(cut=500)
    number = send(ana, content, NAME).json()["id"]
    kept = {file for file in (opened.data / "kept").rglob("*.kept") if b"MRN-4711" in file.read_bytes()}
    assert kept and not any(content[-500:] in file.read_bytes() for file in kept), "no pixels are kept"
    decide(ana, number, "INADEQUATE_IMAGE")
    removed = ana.post(f"/api/readings/{number}/removal", json={"reason": "wrong_file"}).json()
    assert (removed["purged"], removed["status"], removed["file"]) == (True, "failed", "")
    assert removed["patient"] is None and len(removed["decisions"]) == 1
    assert len(kept) == 1 + sum(file.exists() for file in kept)
    assert list((opened.data / "uploads").iterdir()) == []
    call_neumo(capsys, "audit", "verify", "--database", f"sqlite:///{opened.data / 'archive.db'}")


def t_conclusion(language: Language) -> str:
    return texts(language)("terms.conclusions.INADEQUATE_IMAGE")


def pdf_text(content: bytes) -> str:
    return " ".join(" ".join(sheet.extract_text().split()) for sheet in PdfReader(io.BytesIO(content)).pages)
