"""Folders as people have them, through every command that searches one: all is read, or told and counted."""

import json
import shutil
from pathlib import Path

import pytest
from tests.support.commands import call_neumo, run_neumo
from tests.support.messy_folders import DICOM, FAILED, RASTER, SKIPPED, messy_folder
from tests.support.tiny_bundle import make_bundle

FOUND = len(RASTER) + len(DICOM) + len(FAILED) + sum(SKIPPED.values())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


@pytest.fixture
def messy(tmp_path: Path, phantoms: Path) -> Path:
    return messy_folder(tmp_path / "messy", sorted((phantoms / "test").rglob("*.jpeg"))[0])


def test_read(bundle: Path, messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--bundle", bundle, "--summary", tmp_path / "s.json")
    told = call_neumo(capsys, "read", messy, *options, "--json", tmp_path / "r.jsonl", status=1)
    readings = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    failed = {Path(reading["file"]).name for reading in readings if reading["status"] == "failed"}
    assert failed == set(FAILED) and len(readings) == len(RASTER) + len(DICOM) + len(FAILED)
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["found"], summary["failed"], summary["before"]) == (FOUND, len(FAILED), 0)
    assert summary["read"] + summary["refused"] == len(RASTER) + len(DICOM)
    assert summary["skipped"] == SKIPPED and summary["unreadable_folders"] == []
    assert f"{FOUND} files found: " in told and "1 DICOM object without an image, as a report" in told
    told = call_neumo(capsys, "read", messy, *options, "--lang", "es", status=1)
    assert f"{FOUND} archivos encontrados: " in told and "1 índice de un CD (DICOMDIR)" in told


def test_a_folder_that_cannot_be_searched_is_told(bundle: Path, phantoms: Path, tmp_path: Path) -> None:
    film = sorted((phantoms / "test").rglob("*.jpeg"))[0]
    (tmp_path / "films" / "closed").mkdir(parents=True)
    shutil.copy(film, tmp_path / "films")
    (tmp_path / "films" / "closed").chmod(0)
    arguments = ("--bundle", bundle, "--json", "-", "--lang", "es")
    for folder in (tmp_path / "films", tmp_path / "films" / "closed"):
        told = run_neumo("read", folder, *arguments, status=1, obey_permissions=True)
        assert "closed: la carpeta no se puede recorrer (Permission denied)" in told
        assert ('"status"' in told) == (folder.name == "films")


def test_deidentify(messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--out", tmp_path / "out", "--summary", tmp_path / "s.json", "--allow-burned-in")
    told = call_neumo(capsys, "deidentify", messy, *options, status=1)
    assert len(list((tmp_path / "out").iterdir())) == len(DICOM)
    assert f"{len(DICOM)} written, 0 flagged, 1 refused" in told and "images that are not DICOM" in told
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["found"], summary["written"], summary["refused"]) == (FOUND, len(DICOM), 1)
    assert summary["skipped"] == SKIPPED | {"not_dicom": len(RASTER) + 1}


def test_data_check(messy: Path, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    films = sorted((phantoms / "test").rglob("*.jpeg"))
    for finding in ("NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"):
        (tmp_path / "set" / finding).mkdir(parents=True)
        shutil.copy(films[0], tmp_path / "set" / finding)
    (messy / "cd" / "back").unlink()
    messy.rename(tmp_path / "set" / "NORMAL" / "messy")
    (tmp_path / "set" / ".ipynb_checkpoints").mkdir()
    options = ("--no-shortcuts", "--lang", "es")
    told = call_neumo(
        capsys, "data", "check", tmp_path / "set", *options, "--json", tmp_path / "c.json", status=0
    )
    files = json.loads((tmp_path / "c.json").read_text())["files"]
    assert files["found"] == FOUND + 3 - 1 and files["images"] == FOUND + 3 - sum(SKIPPED.values())
    assert files["skipped"] == {reason: count for reason, count in SKIPPED.items() if reason != "repeated"}
    assert "archivos encontrados" in told and "tubería" in told
