"""In the reader's child process: an object to a results folder, once, whole or not at all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from tests.support.node_samples import radiograph, written
from tests.support.odd_ages import ODD_AGES

from neumo.bundle.site import Acceptance, SiteStatement
from neumo.core.errors import ConfigError, OutputError
from neumo.core.lost_file import LOST
from neumo.core.reading import Notice, Reading, Status
from neumo.dicomnode.work.reading import open_handler
from neumo.imaging.dicom.parse import parse
from neumo.inference.reader import Reader
from neumo.records.reading_file import load_dicom_header, load_reading_file
from neumo.results.dicom import read_back

CAPTURE = "tests.support.node_results:capture"


@pytest.fixture(scope="module")
def reader(bundle_folder: Path) -> Reader:
    return Reader(bundle_folder, keep_pixels=True, keep_header=True, threads=1)


def request(source: Path, target: Path) -> dict[str, str]:
    return {"source": str(source), "target": str(target), "name": "1.2.3"}


def test_results_are_written_privately_and_whole(reader: Reader, films: list[Path], tmp_path: Path) -> None:
    sent = radiograph(films[0])
    target = tmp_path / "results" / "key"
    answer = open_handler(reader, results=CAPTURE)(request(written(sent, tmp_path / "a.dcm"), target))
    assert answer["status"] in ("read", "refused")
    reading = json.loads((target / "reading.json").read_bytes())
    assert (reading["file"], reading["status"]) == ("1.2.3", answer["status"])
    assert answer["flagged"] == (reading["verdict"] == "pneumonia")
    assert dcmread(target / "00.dcm").DerivationDescription == sent.SOPInstanceUID
    assert target.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in target.iterdir()} == {0o600}
    assert [path.name for path in target.parent.iterdir()] == ["key"]


@pytest.mark.filterwarnings("ignore:Invalid value|.*exceeds the maximum length")
@pytest.mark.parametrize("odd", ODD_AGES)
def test_odd_ages_are_understood_or_said_and_never_copied_invalid(
    odd: str, reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    elements, stated, understood = ODD_AGES[odd]
    source = written(radiograph(films[0], **elements), tmp_path / "a.dcm")
    handle = open_handler(reader, results="neumo.dicomnode.work.results:default_results")
    answer = handle(request(source, tmp_path / "key"))
    assert answer["status"] in ("read", "refused")
    results = [dcmread(file) for file in sorted((tmp_path / "key").glob("*.dcm"))]
    assert [result.get("PatientAge") for result in results] == [stated, stated]
    reading = json.loads((tmp_path / "key" / "reading.json").read_bytes())
    codes = {notice.partition(":")[0] for notice in (*reading["reasons"], *reading["warnings"])}
    assert understood == codes.isdisjoint({"age_unreadable", "age_unknown"}), codes


@pytest.mark.parametrize(
    ("status", "verdict"), [("refused", None), ("read", "pneumonia"), ("read", "undetermined")]
)
def test_what_was_read_before_is_not_read_again(
    reader: Reader, tmp_path: Path, status: str, verdict: str | None
) -> None:
    (tmp_path / "reading.json").write_text(json.dumps({"status": status, "verdict": verdict}))
    answer = open_handler(reader, results=CAPTURE)(request(tmp_path / "gone.dcm", tmp_path))
    assert answer == {"status": status, "flagged": verdict == "pneumonia"}


def test_each_reading_tells_the_log_that_the_day_of_review_has_passed(
    reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    accepted = Acceptance("A", "physicist", "2025-01-01", "2026-01-01")
    site = SiteStatement("Hospital", {"digest": "0"}, (), 1, 1, "2025-01-01", {}, accepted)
    late = Reader(replace(reader.bundle, site=site), keep_pixels=True, keep_header=True, threads=1)
    answer = open_handler(late, results=CAPTURE)(
        request(written(radiograph(films[0]), tmp_path / "a.dcm"), tmp_path / "key")
    )
    assert answer["site"] == ["review_lapsed"]


def test_a_file_that_cannot_be_read_leaves_no_folder(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"no image")
    answer = open_handler(reader, results=CAPTURE)(request(tmp_path / "a.dcm", tmp_path / "key"))
    assert (answer["status"], answer["reported"]) == ("failed", False)
    assert Notice.from_json(answer["reason"]).code == "not_an_image"
    assert not (tmp_path / "key").exists()


def test_a_maker_that_fails_leaves_no_folder(
    reader: Reader, films: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = open_handler(reader, results="tests.support.node_results:by_patient")
    source = written(radiograph(films[0], PatientID="fail"), tmp_path / "a.dcm")
    with pytest.raises(ValueError, match="of"):
        handle(request(source, tmp_path / "results" / "key"))
    assert not (tmp_path / "results").exists()

    def invalid(_reading: Reading, _header: Dataset) -> Sequence[Dataset]:
        return [Dataset()]  # which pydicom cannot write

    monkeypatch.setattr("tests.support.node_results.capture", invalid)
    with pytest.raises((ValueError, AttributeError)):
        open_handler(reader, results=CAPTURE)(request(source, tmp_path / "results" / "key"))
    assert list((tmp_path / "results").iterdir()) == []


def test_a_folder_that_another_node_wrote_meanwhile_stays(
    reader: Reader, films: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "results" / "key"
    source = written(radiograph(films[0]), tmp_path / "a.dcm")

    def meanwhile(_reading: Reading, _header: Dataset) -> Sequence[Dataset]:
        target.mkdir(parents=True)
        (target / "reading.json").write_text("theirs")
        return []

    monkeypatch.setattr("tests.support.node_results.capture", meanwhile)
    open_handler(reader, results=CAPTURE)(request(source, target))
    assert (target / "reading.json").read_text() == "theirs"
    assert [path.name for path in target.parent.iterdir()] == ["key"]


def test_a_folder_that_cannot_be_written_is_told(reader: Reader, films: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    source = written(radiograph(films[0]), tmp_path / "a.dcm")
    with pytest.raises(OutputError, match="could not be written"):
        open_handler(reader, results=CAPTURE)(request(source, tmp_path / "file" / "key"))


def test_makers_that_are_none_are_told(reader: Reader) -> None:
    with pytest.raises(ConfigError, match=r"read\.results"):
        open_handler(reader, results="json:nothing")


@pytest.mark.parametrize("content", [None, b"\x00" * 50], ids=["pixels", "no pixels"])
def test_the_report_of_what_cannot_be_read_needs_only_its_beginning(
    reader: Reader, films: list[Path], tmp_path: Path, content: bytes | None
) -> None:
    source = written(radiograph(films[0], PatientName="Doe^Jane"), tmp_path / "a.dcm")
    whole = source.read_bytes()
    source.write_bytes(whole if content is None else whole[:900] + content)
    handle = open_handler(reader, results=CAPTURE)
    crash = LOST["crash"]
    asked = {**request(source, tmp_path / "results" / "key"), "failed": crash.to_json()}
    told = {"status": "failed", "reason": crash.to_json(), "reported": True}
    assert handle(asked) == told == handle(asked)
    report = dcmread(tmp_path / "results" / "key" / "00.dcm")
    assert report.StudyInstanceUID == dcmread(source, force=True, stop_before_pixels=True).StudyInstanceUID
    assert report.PatientName == "Doe^Jane" and report.Modality == "SR"
    stated = read_back(report)
    assert (stated.status, stated.reasons) == (Status.FAILED, (str(crash),))
    reading = json.loads((tmp_path / "results" / "key" / "reading.json").read_bytes())
    assert (reading["receipt"]["status"], reading["receipt"]["reasons"]) == ("failed", ["crash"])
    assert (reading["status"], reading["reasons"]) == ("failed", [str(crash)])
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert reading["sha256"] == digest == reading["receipt"]["file"]["sha256"]
    assert reading["receipt"]["file"]["bytes"] == source.stat().st_size
    identifiers = json.loads((tmp_path / "results" / "key" / "identifiers.json").read_bytes())
    assert identifiers["patient_id"] == "4711"
    again = handle(request(source, tmp_path / "results" / "key"))
    assert again == told, "a node that was killed before it took note of it"


def test_of_what_cannot_be_read_the_workbench_gets_the_header_and_no_pixels(
    reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    source = written(radiograph(films[0], PatientName="Doe^Jane"), tmp_path / "a.dcm")
    handle = open_handler(reader, results=CAPTURE, radiographs=True)
    handle(request(source, tmp_path / "key") | {"failed": LOST["timeout"].to_json()})
    kept = tmp_path / "key" / "radiograph.kept"
    found, header = load_reading_file(kept), load_dicom_header(kept)
    assert found is not None and header is not None and found.patient is not None
    assert (found.reading.status, found.reading.reasons) == (Status.FAILED, (LOST["timeout"],))
    assert (found.size, found.maps, found.patient.display_name) == (None, None, "Doe, Jane")
    assert parse(header, "header").dataset.SOPInstanceUID == dcmread(source).SOPInstanceUID


def test_results_and_failures_are_in_the_nodes_language(
    reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    handle = open_handler(reader, results="neumo.dicomnode.work.results:default_results", language="es")
    source = written(radiograph(films[0], SpecificCharacterSet="ISO_IR 192"), tmp_path / "a.dcm")
    handle(request(source, tmp_path / "key"))
    handle(request(source, tmp_path / "failed") | {"failed": LOST["timeout"].to_json()})
    for folder in ("key", "failed"):
        said = json.dumps(dcmread(tmp_path / folder / "00.dcm").to_json_dict(), ensure_ascii=False)
        assert "Estado de la lectura" in said and "Resultado de IA" in said
        assert "Status of the reading" not in said and "AI result" not in said
    assert "La lectura tardó demasiado y se detuvo." in said
    assert json.loads((tmp_path / "failed" / "reading.json").read_bytes())["reasons"] != []
