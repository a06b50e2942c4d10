"""`neumo read` with results for a hospital's systems, on phantoms in DICOM with a tiny bundle."""

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from tests.support.commands import call_neumo, run_neumo
from tests.support.hospital_samples import errors_of
from tests.support.tiny_bundle import make_bundle

from neumo.core.answer import Verdict
from neumo.results.dicom import read_back


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
    folders = [tmp_path / kind for kind in ("sr", "sc", "fhir", "pdf", "seg", "ko")]
    options = [f"--{folder.name}={folder}" for folder in folders]
    output = call_neumo(capsys, "read", films, "--bundle", bundle, *options, "--language", "es")
    assert output.startswith("3 archivos encontrados: ") and len(output.splitlines()) == 1
    first = [sorted(file.name for file in folder.glob("*")) for folder in folders]
    answers = [read_back(dcmread(file)).answer for file in folders[0].iterdir()]
    marked = sum(answer is not None and answer.verdict is Verdict.PNEUMONIA for answer in answers)
    assert [len(names) for names in first] == [3, 3, 3, 3, 2, marked], "a refusal has no heat map"
    call_neumo(capsys, "read", films, "--bundle", bundle, *options, "--language", "es", "--threads", "1")
    assert [sorted(file.name for file in folder.glob("*")) for folder in folders] == first
    for folder in (*folders[:2], *folders[3:5]):
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


ODD = {
    "StudyDate": "20240231", "StudyTime": "996099", "TimezoneOffsetFromUTC": "+9900", "PatientName": "Secret\x01Name",
    "PatientID": "x" * 70, "AccessionNumber": "A\x0b1", "PatientAge": "3", "PatientSex": "?", "AcquisitionDate": "0000",
    "StudyID": "s" * 20, "IssuerOfPatientID": " ", "ReferringPhysicianName": "^" * 9, "SpecificCharacterSet": "KLINGON",
}  # fmt: skip
"""Values that are invalid, by attribute."""


def test_a_batch_goes_on_after_headers_full_of_nonsense(
    bundle: Path, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are invalid
        for number, (keyword, value) in enumerate([*ODD.items(), ("", "")]):
            film = dcmread(films / "film0.dcm")
            uid = UID(f"1.2.3.04.{number}")
            film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = uid
            if keyword == "SpecificCharacterSet":
                film.PatientName = "Doe"
            if keyword:
                setattr(film, keyword, value)
            film.save_as(tmp_path / "odd" / f"{number:02d}.dcm", enforce_file_format=True)
    folders = [tmp_path / kind for kind in ("sr", "sc", "fhir")]
    options = [f"--{folder.name}={folder}" for folder in folders]
    output = call_neumo(capsys, "read", tmp_path / "odd", "--bundle", bundle, *options)
    assert [len(list(folder.iterdir())) for folder in folders] == [len(ODD) + 1] * 3
    for keyword in set(ODD) - {"PatientAge", "AcquisitionDate", "IssuerOfPatientID"}:
        assert f"the results are without {keyword}, whose values in the header are invalid" in output
    assert "Secret" not in output and "KLINGON" not in output
    assert [line for folder in folders[:2] for file in folder.iterdir() for line in of_values(file)] == []


def of_values(file: Path) -> list[str]:
    """Complaints of dciodvfy about values of a file, its UIDs apart, which are those of the radiograph."""
    errors = (line for line in errors_of(file) if line.startswith("Error"))
    return [line for line in errors if "for this VR" in line and " UI " not in line]


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
        "print('LOADED', *{'highdicom', 'fhir', 'pydantic', 'font_source_sans_pro', 'rich'} & sys.modules.keys())"
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
