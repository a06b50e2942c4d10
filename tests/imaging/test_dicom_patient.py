"""Patient and study of a header, whatever stands in it."""

from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from tests.support.hospital_samples import header

from neumo.core.patient import PatientStudy
from neumo.imaging.dicom.patient import read_patient


def test_a_good_header_is_read_whole() -> None:
    found = read_patient(header(IssuerOfPatientID="H", InstitutionName="Kinderspital"))
    assert found == PatientStudy(
        name="Doe^Jane",
        id="4711",
        issuer="H",
        birth_date="2020-01-01",
        age=4.0,
        sex="F",
        accession_number="A-1",
        study_date="2024-02-29",
        institution="Kinderspital",
    )
    assert PatientStudy.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Doe^Jane", "Doe, Jane"), ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田, 太郎, やまだ, たろう)"),
     ("=山田^太郎", "山田, 太郎"), ("Doe^Jane^M^Dr.^Jr.", "Doe, Dr. Jane M Jr."), ("^Jane", "Jane"), ("Doe", "Doe"),
     ("", ""), (None, "")],
)  # fmt: skip
def test_a_name_is_shown_as_people_write_it(name: str | None, shown: str) -> None:
    assert PatientStudy(name=name).display_name == shown


@pytest.mark.parametrize(
    ("keyword", "stored", "attribute", "expected"),
    [("PatientBirthDate", b"2020.01.02", "birth_date", "2020-01-02"),
     ("PatientBirthDate", b"20201399", "birth_date", None), ("PatientBirthDate", b"unknown ", "birth_date", None),
     ("StudyDate", b"1", "study_date", None), ("PatientName", b"\xff\xfe^\x1b$", "name", True),
     ("PatientID", b"   ", "id", None), ("PatientID", b"A\\B ", "id", True),
     ("InstitutionName", b"x" * 5000, "institution", "x" * 200), ("PatientSex", b"F\x00", "sex", "F"),
     ("AccessionNumber", b"a\x01b ", "accession_number", "ab")],
)  # fmt: skip
def test_rubbish_states_nothing_and_stops_nothing(
    keyword: str, stored: bytes, attribute: str, expected: Any
) -> None:
    dataset, tag = header(InstitutionName="H"), Tag(keyword)
    dataset[tag] = RawDataElement(tag, dataset[tag].VR, len(stored), stored, 0, False, True)
    found = read_patient(dataset)
    assert found is not None
    value = getattr(found, attribute)
    assert value is not None and value.isprintable() if expected is True else value == expected


def test_a_header_without_a_patient_states_none() -> None:
    assert read_patient(None) is None and read_patient(Dataset()) is None
    named = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyDate")
    assert read_patient(header(**dict.fromkeys((*named, "PatientAge"), ""))) is None
