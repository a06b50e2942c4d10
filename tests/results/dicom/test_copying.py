"""Results are valid whatever stands in the header: values are copied, normalised where certain, or left out."""

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.valuerep import validate_value
from tests.support.hospital_samples import errors_of, header, reading

from neumo.imaging.quiet import quiet
from neumo.results.dicom import secondary_capture, structured_report
from neumo.results.dicom.copying import copied_elements
from neumo.results.dicom.files import write_result
from neumo.results.dicom.source import PATIENT_AND_STUDY, left_out_of
from neumo.results.dicom.values import valid_value

TEXTS = [
    keyword
    for keyword in PATIENT_AND_STUDY
    if dictionary_VR(keyword) not in {"SQ", "US"} and keyword != "StudyInstanceUID"
]


def with_bytes(keyword: str, content: bytes, **elements: Any) -> Dataset:
    film, tag = header(**elements), Tag(tag_for_keyword(keyword) or 0)
    film[tag] = RawDataElement(tag, dictionary_VR(keyword), len(content), content, 0, False, True)
    return film


def is_valid(keyword: str, dataset: Dataset) -> bool:
    """Whether the written bytes keep to their value representation, by pydicom's rules."""
    vr, content = dictionary_VR(keyword), bytes(dataset.get_item(tag_for_keyword(keyword) or 0).value or b"")
    text = content.decode("ascii").rstrip(" \0")
    values = [text] if vr in {"LT", "ST", "UT"} else text.split("\\")
    for value in values:
        if value:
            validate_value(vr, value, RAISE)
    return len(content) % 2 == 0 and (len(values) == 1 or dictionary_VM(keyword) != "1")


@pytest.mark.parametrize(
    ("keyword", "content", "expected"),
    [
        ("PatientAge", b"62", b"062Y"),
        ("PatientAge", b"8m ", b"008M"),
        ("PatientAge", b"062Y", b"062Y"),
        ("PatientAge", b"four", None),
        ("PatientAge", b"0620Y", None),
        ("PatientSex", b"m ", b"M "),
        ("PatientSex", b"female", b"F "),
        ("PatientSex", b"X ", None),
        ("PatientBirthDate", b"2020-01-31", b"20200131"),
        ("PatientBirthDate", b"2020.01.31", b"20200131"),
        ("PatientBirthDate", b"20200231", None),
        ("PatientBirthDate", b"01.01.20", None),
        ("StudyTime", b"23:59:58", b"235958"),
        ("StudyTime", b"235958.1234567", b"235958.123456 "),
        ("StudyTime", b"246000", None),
        ("PatientWeight", b"12,5", b"12.5"),
        ("PatientWeight", b"12.123456789012345678", b"12.1234567890123"),
        ("PatientWeight", b"12 kg", None),
        ("TimezoneOffsetFromUTC", b"+01:00", b"+0100 "),
        ("TimezoneOffsetFromUTC", b"+9900", None),
        ("PatientID", b"4711", b"4711"),
        ("PatientID", b"4711\0", b"4711\0 "),
        ("PatientID", b"47\n1", None),
        ("PatientID", b"x" * 65, None),
        ("PatientID", b"4711\\4712", None),
        ("AccessionNumber", b"A" * 17, None),
        ("PatientName", b"M\xfcller^Eva", None),
        ("PatientName", "Müller^Eva".encode(), "Müller^Eva ".encode()[:11] + b" "),
        ("StudyDescription", b"odd", b"odd "),
        ("PatientComments", b"two\r\nlines\\here", b"two\r\nlines\\here "[:16]),
    ],
)
def test_values_are_normalised_or_left_out(keyword: str, content: bytes, expected: bytes | None) -> None:
    film = with_bytes(keyword, content)
    copied = copied_elements(film, (keyword,))
    if expected is None:
        assert keyword not in copied.elements and copied.left_out == (keyword,) == left_out_of(film)
    else:
        value: bytes = copied.elements[keyword].value or b""
        assert value.rstrip(b" \0") == expected.rstrip(b" \0") and len(value) % 2 == 0
        assert not copied.left_out


@given(data=st.data())
@settings(max_examples=150)
def test_whatever_bytes_stand_there_results_are_valid(data: st.DataObject) -> None:
    keyword = data.draw(st.sampled_from(TEXTS))
    shaped = st.text(string.digits + ".:,-+/YMDWymdw \\^=ABCé", min_size=1, max_size=80).map(str.encode)
    film = with_bytes(keyword, data.draw(st.one_of(shaped, st.binary(max_size=80))))
    copied = copied_elements(film, (keyword,))
    if keyword in copied.elements:
        target = Dataset()
        target[Tag(tag_for_keyword(keyword) or 0)] = copied.elements[keyword]
        if "SpecificCharacterSet" not in copied.elements:
            assert is_valid(keyword, target)
    else:
        assert copied.left_out == (keyword,)


INVALID = {
    "PatientAge": b"62", "PatientSex": b"U ", "PatientBirthDate": b"20240231", "StudyDate": b"2024/2/3",
    "StudyTime": b"99", "PatientID": b"4711\x07", "AccessionNumber": b"A" * 20, "StudyID": b"x" * 18,
    "PatientWeight": b"heavy", "PatientSize": b"1,234", "PatientName": b"M\xfcller^Eva",
    "StudyDescription": b"x" * 66, "PatientSexNeutered": b"MAYBE", "TimezoneOffsetFromUTC": b"CET",
    "QualityControlSubject": b"no?", "PatientIdentityRemoved": b"perhaps", "ReferringPhysicianName": b"^" * 8,
    "AdmissionID": b"a\tb", "EthnicGroup": b"e" * 20, "PatientBirthTime": b"25", "DeidentificationMethod": b"m\x1a",
}  # fmt: skip
"""A value that is invalid, or has to be normalised, of many value representations."""


@pytest.mark.parametrize("make", [structured_report, secondary_capture])
def test_an_independent_validator_has_no_errors_of_headers_that_are_full_of_them(
    make: Any, tmp_path: Path
) -> None:
    film = header(StudyInstanceUID="1.2.3.4")
    for keyword, content in INVALID.items():
        tag = Tag(tag_for_keyword(keyword) or 0)
        film[tag] = RawDataElement(tag, dictionary_VR(keyword), len(content), content, 0, False, True)
    assert errors_of(write_result(make(reading(), film), tmp_path)) == []
    assert set(left_out_of(film)) == set(INVALID) - {"PatientAge", "PatientSexNeutered"} | {
        "PatientSexNeutered"
    }


def test_an_unknown_character_set_takes_only_other_letters_along() -> None:
    film = header(PatientName="Doe^Jane", StudyDescription="Torax")
    for stated, kept in (("ISO-IR 100", "ISO_IR 100"), ("ISO_IR 999", None)):
        tag = Tag(0x0008, 0x0005)
        film[tag] = RawDataElement(tag, "CS", 10, stated.encode(), 0, False, True)
        report = structured_report(reading(), film)
        assert report.get("SpecificCharacterSet") == kept
        assert report.PatientName == "Doe^Jane" and report.StudyDescription == "Torax"


def test_a_sequence_with_an_invalid_value_is_left_out() -> None:
    issuer = Dataset()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = "1.2.3", "ISO"
    film = header(IssuerOfAccessionNumberSequence=[issuer])
    assert "IssuerOfAccessionNumberSequence" in copied_elements(film, PATIENT_AND_STUDY).elements
    tag = Tag(tag_for_keyword("UniversalEntityIDType") or 0)
    issuer[tag] = RawDataElement(tag, "CS", 4, b"i?o ", 0, False, True)
    assert left_out_of(film) == ("IssuerOfAccessionNumberSequence",)


def test_uids_with_leading_zeros_are_filed_with_their_study(tmp_path: Path) -> None:
    with quiet():
        film = header(
            StudyInstanceUID="1.2.03.4", SeriesInstanceUID="1.2.03.4.05", SOPInstanceUID="1.2.03.4.05.6"
        )
    for make in (structured_report, secondary_capture):
        result = dcmread(write_result(make(reading(), film), tmp_path))
        with quiet():
            assert result.StudyInstanceUID == "1.2.03.4"


def test_empty_values_stay_empty() -> None:
    assert (
        valid_value("", "DA") is None
        and copied_elements(header(PatientAge=""), ("PatientAge",)).left_out == ()
    )
