import random
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset as Item
from tests.support.hospital_samples import header, reading, write_file

from neumo.core.errors import ResultError
from neumo.results.dicom import read_header, secondary_capture, structured_report
from neumo.results.dicom.files import write_result
from neumo.results.dicom.source import PATIENT_AND_STUDY, UNKNOWN_MOMENT, moment_of, reference_of, writable

NAMES = {
    "latin": ("ISO_IR 100", "Ñuñez^José", "Tórax niños"),
    "unicode": ("ISO_IR 192", "Müller^Ægir=山田^太郎", "胸部 – Tórax"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部正面"),
    "ascii": (None, "Doe^Jane", "Chest"),
}


def raw(dataset: Dataset, keyword: str) -> bytes:
    """The value's bytes as they stand in a file that was just read."""
    element = dataset.get_item(tag_for_keyword(keyword) or 0)
    assert element is not None and element.is_raw, keyword
    return bytes(element.value or b"")


@pytest.mark.parametrize("implicit", [False, True], ids=["explicit", "implicit"])
@pytest.mark.parametrize("alphabet", NAMES)
def test_patient_and_study_are_copied_byte_for_byte(alphabet: str, implicit: bool, tmp_path: Path) -> None:
    characters, name, description = NAMES[alphabet]
    film = header(SpecificCharacterSet=characters, PatientName=name, StudyDescription=description)
    file = write_file(film, tmp_path / "film.dcm", implicit=implicit)
    for make in (structured_report, secondary_capture):
        written = write_result(make(reading(), read_header(file)), tmp_path / "out")
        source, result = dcmread(file, stop_before_pixels=True), dcmread(written)
        assert source.get("SpecificCharacterSet") == result.get("SpecificCharacterSet") == characters
        copied = [keyword for keyword in PATIENT_AND_STUDY if keyword in source]
        assert len(copied) >= 10
        for keyword in copied:
            assert raw(source, keyword) == raw(result, keyword), keyword
        assert str(result.PatientName) == name and result.StudyDescription == description


def test_sequences_and_empty_values_are_copied() -> None:
    issuer = Item()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = "1.2.3", "ISO"
    film = header(IssuerOfAccessionNumberSequence=[issuer], PatientSex="", StudyID=None)
    report = structured_report(reading(), film)
    assert report.IssuerOfAccessionNumberSequence[0].UniversalEntityID == "1.2.3"
    assert report.PatientSex == "" and "StudyID" in report and not report.StudyID
    film.IssuerOfAccessionNumberSequence[0].UniversalEntityID = "9.9.9"
    assert report.IssuerOfAccessionNumberSequence[0].UniversalEntityID == "1.2.3"


def test_files_that_state_no_patient_are_told(tmp_path: Path) -> None:
    picture = tmp_path / "film.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    with pytest.raises(ResultError, match="only DICOM files state a patient and a study"):
        read_header(picture)
    with pytest.raises(ResultError, match="no such file"):
        read_header(tmp_path / "absent.dcm")


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
)
def test_a_radiograph_without_its_uids_is_told(keyword: str) -> None:
    for value in (None, ""):
        with pytest.raises(ResultError, match=keyword):
            reference_of(header(**{keyword: value}))
    assert reference_of(header()).instance == "1.2.3.4.1.1"


def test_a_result_bears_the_moment_of_its_radiograph() -> None:
    assert moment_of(header()) == ("20240301", "000102")
    assert moment_of(header(AcquisitionDateTime="20230405060708.9+0100")) == ("20230405", "060708")
    assert moment_of(header(AcquisitionDate=None)) == ("20240229", "235959")
    assert moment_of(header(AcquisitionDate=None, StudyDate="", StudyTime="")) == UNKNOWN_MOMENT


def test_own_words_are_written_in_letters_that_the_character_set_has() -> None:
    assert writable("Tórax 胸", header(SpecificCharacterSet="ISO_IR 192")) == "Tórax 胸"
    assert writable("Tórax 胸", header(SpecificCharacterSet="ISO_IR 100")) == "Tórax ?"
    assert writable("Tórax 胸", header(SpecificCharacterSet=["", "ISO 2022 IR 87"])) == "Torax ?"
    assert writable("Tórax 胸", header()) == "Torax ?"


def test_damaged_headers_give_a_result_or_an_error_that_names_the_matter(tmp_path: Path) -> None:
    issuer = Item()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = "1.2.3", "ISO"
    film = header(
        SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=NAMES["japanese"][1],
        IssuerOfAccessionNumberSequence=[issuer], LossyImageCompression="01", LossyImageCompressionRatio="10",
    )  # fmt: skip
    whole = write_file(film, tmp_path / "film.dcm").read_bytes()
    start, rng = whole.index(b"\x08\x00\x05\x00"), random.Random(7)
    made = 0
    for _ in range(80):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 1, 3, 10])):
            damaged[rng.randrange(start, len(damaged))] = rng.choice(
                [0, 0x1B, 0x5C, 0x80, 0xFF, rng.randrange(256)]
            )
        (tmp_path / "damaged.dcm").write_bytes(damaged)
        try:
            write_result(
                structured_report(reading(), read_header(tmp_path / "damaged.dcm")), tmp_path / "out"
            )
            made += 1
        except ResultError:
            pass
    assert 10 < made < 80
