"""`neumo read` with results for a hospital's systems, on phantoms in DICOM with a tiny bundle."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from tests.support.commands import call_neumo, run_neumo
from tests.support.tiny_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    """Two phantoms of one study in DICOM, and a lateral view, which is refused."""
    folder = tmp_path_factory.mktemp("films")
    for number, file in enumerate(sorted((phantoms / "test").rglob("*.jpeg"))[:3]):
        view = "LL" if number == 2 else "AP"
        film = film_of(np.array(Image.open(file).convert("L")), number, view)
        film.save_as(folder / f"film{number}.dcm", enforce_file_format=True)
    return folder


def film_of(pixels: np.ndarray, number: int, view: str) -> Dataset:
    film = Dataset()
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film.SpecificCharacterSet = "ISO_IR 100"
    film.SOPClassUID, film.SOPInstanceUID = ComputedRadiographyImageStorage, f"1.2.3.4.1.{number + 1}"
    film.StudyInstanceUID, film.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.1"
    film.PatientName, film.PatientID, film.PatientAge, film.PatientSex = "Ñuñez^José", "4711", "003Y", "M"
    film.PatientBirthDate, film.StudyDate, film.StudyTime = "20200101", "20240229", "120000"
    film.AccessionNumber, film.StudyID, film.ReferringPhysicianName = "A-1", "S1", "Roe^Richard"
    film.Modality, film.BodyPartExamined, film.ViewPosition = "CR", "CHEST", view
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation, film.PixelRepresentation = 1, "MONOCHROME2", 0
    film.BitsAllocated, film.BitsStored, film.HighBit = 8, 8, 7
    film.PixelData = pixels.tobytes()
    return film


def test_every_film_gets_its_results_and_a_second_run_adds_none(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / kind for kind in ("sr", "sc", "fhir")]
    options = [f"--{folder.name}={folder}" for folder in folders]
    output = call_neumo(capsys, "read", films, "--bundle", bundle, *options, "--language", "es")
    assert output == ""
    first = [sorted(file.name for file in folder.iterdir()) for folder in folders]
    assert [len(names) for names in first] == [3, 3, 3]
    call_neumo(capsys, "read", films, "--bundle", bundle, *options, "--language", "es", "--threads", "1")
    assert [sorted(file.name for file in folder.iterdir()) for folder in folders] == first
    for folder in folders[:2]:
        results = [dcmread(file) for file in folder.iterdir()]
        assert len({result.SeriesInstanceUID for result in results}) == 1
        assert {str(result.PatientName) for result in results} == {"Ñuñez^José"}
    reports = [json.loads(file.read_text()) for file in folders[2].iterdir()]
    conclusions = [report["entry"][0]["resource"]["conclusion"] for report in reports]
    assert sum("Rechazada" in conclusion for conclusion in conclusions) == 1
    assert all("no verificado" in conclusion for conclusion in conclusions)


def test_pictures_without_a_patient_are_told_and_the_others_go_on(
    bundle: Path, films: Path, phantoms: Path, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(films, mixed)
    shutil.copy(sorted((phantoms / "test").rglob("*.jpeg"))[0], mixed / "a picture.jpeg")
    (mixed / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"rubbish")
    output = run_neumo(
        "read", mixed, "--bundle", bundle, "--sr", tmp_path / "sr", "--fhir", tmp_path / "fhir", status=1
    )
    assert "a picture.jpeg: only DICOM files state a patient and a study" in output
    assert "1 of 5 files could not be read" in output and "1 of 5 files did not get" in output
    assert "Ñuñez" not in output and "4711" not in output
    assert len(list((tmp_path / "sr").iterdir())) == 3
    assert len(list((tmp_path / "fhir").iterdir())) == 4, "FHIR needs no patient"


def test_a_folder_that_cannot_be_written_is_told_at_once(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    output = call_neumo(capsys, "read", films, "--bundle", bundle, "--sr", tmp_path / "file" / "sr", status=2)
    assert "could not be written" in output


def test_reading_without_these_options_loads_none_of_their_libraries(bundle: Path, films: Path) -> None:
    program = (
        "import sys; from neumo.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', *{'highdicom', 'fhir', 'pydantic', 'font_source_sans_pro'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "read", films, "--bundle", bundle, "--json", "-"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "LOADED", done.stdout + done.stderr


def test_without_the_extra_a_run_says_what_to_install_before_it_reads(
    bundle: Path,
    films: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("neumo.results.dicom")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "highdicom", None)
    output = call_neumo(capsys, "read", films, "--bundle", bundle, "--sr", tmp_path / "sr", status=2)
    assert "pip install 'neumo[dicom]'" in output and not (tmp_path / "sr").exists()
