"""Facts of the header, and that nothing which names the patient is among them."""

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from tests.support.dicom_samples import PATIENT, STUDY, dicom_file

from neumo.core.radiograph import AcquisitionFacts, CodedConcept
from neumo.imaging import open_radiograph

STORED = np.arange(12, dtype=np.uint16).reshape(3, 4)


def facts(**elements: Any) -> AcquisitionFacts:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of values that the standard forbids
        return open_radiograph(dicom_file(STORED, **elements)).facts


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def test_facts_of_a_complete_header() -> None:
    read = facts(
        Modality="DX",
        BodyPartExamined="CHEST",
        AnatomicRegionSequence=[code("51185008", "SCT", "Chest")],
        ViewPosition="PA",
        ViewCodeSequence=[code("399348003", "SCT", "postero-anterior")],
        PatientOrientation=["L", "F"],
        ImageLaterality="U",
        PatientAge="004Y",
        PhotometricInterpretation="MONOCHROME1",
        PresentationIntentType="FOR PRESENTATION",
        ImagerPixelSpacing=[0.14, 0.15],
    )
    assert read == AcquisitionFacts(
        modality="DX",
        body_part="CHEST",
        body_part_codes=(CodedConcept("51185008", "SCT", "Chest"),),
        view_position="PA",
        view_codes=(CodedConcept("399348003", "SCT", "postero-anterior"),),
        patient_orientation=("L", "F"),
        laterality="U",
        patient_age=4.0,
        photometric_interpretation="MONOCHROME1",
        presentation_intent="FOR PRESENTATION",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
        study_instance_uid=STUDY,
        series_instance_uid=f"{STUDY}.1",
        sop_instance_uid=f"{STUDY}.1.1",
        pixel_spacing=(0.14, 0.15),
        pixel_aspect=pytest.approx(0.14 / 0.15),  # type: ignore[arg-type]
    )


def test_the_patient_is_nowhere_in_a_radiograph() -> None:
    radiograph = open_radiograph(dicom_file(STORED, PatientBirthDate="20200229", StudyDate="20240229"))
    everything = repr(dataclasses.asdict(radiograph))
    for secret in (PATIENT, "4711", "20200229", "20240229"):
        assert secret not in everything
    assert radiograph.facts.patient_age == pytest.approx(4, abs=0.01)


@pytest.mark.parametrize(
    ("stated", "years"),
    [
        ("018M", 1.5),
        ("010D", 0.0274),
        ("026W", 0.4983),
        ("000D", 0.0),
        ("099Y", 99.0),
        ("43", 43.0),
        ("008M", 0.6667),
        ("43Y", 43.0),
        ("4 y", 4.0),
        ("3 A\xd1OS", 3.0),
        ("8 MESES", 0.6667),
        ("2.5", 2.5),
        ("000Y", None),
        ("0", None),
        ("", None),
        ("0Y", None),
        ("043y", 43.0),
        ("12.5Y", 12.5),
        ("3 years", 3.0),
        ("04M ", 0.3333),
        ("999Y", None),
        ("131", None),
        ("-1", None),
        ("-01Y", None),
        ("3Y6M", None),
        ("ADULT", None),
    ],
)
def test_ages(stated: str, years: float | None) -> None:
    read = facts(PatientAge=stated)
    assert read.patient_age == (None if years is None else pytest.approx(years, abs=1e-3))
    assert read.age_unreadable == (years is None and bool(stated.strip("0Y")))


@pytest.mark.parametrize(
    ("born", "studied", "years"),
    [
        ("20200101", "20230101", 3.0),
        ("20230101", "20200101", None),
        ("20200101", None, None),
        ("18000101", "20200101", None),
    ],
)
def test_age_from_dates(born: str, studied: str | None, years: float | None) -> None:
    elements = {"PatientBirthDate": born} | ({"StudyDate": studied} if studied else {})
    expected = None if years is None else pytest.approx(years, abs=0.01)
    assert facts(**elements).patient_age == expected
    assert facts(PatientAge="000Y", **elements).patient_age == expected
    assert facts(**elements).age_unreadable == (years is None)


@pytest.mark.parametrize("born", ["18991230", "18991231", "19000101"])
def test_dates_that_databases_write_for_none_are_no_birth(born: str) -> None:
    read = facts(PatientBirthDate=born, StudyDate="20230101")
    assert (read.patient_age, read.age_unreadable) == (None, False)
    assert facts(PatientBirthDate=born, StudyDate="20230101", PatientAge="ADULT").age_unreadable


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "20230101"),
        ("SeriesDate", "2023.01.01"),
        ("AcquisitionDate", "2023-01-01"),
        ("ContentDate", "20230101"),
        ("AcquisitionDateTime", "20230101093000.5+0100"),
    ],
)
@pytest.mark.parametrize("stated", [None, "000Y", "ADULT"])
def test_any_date_near_the_exposure_will_do(keyword: str, value: str, stated: str | None) -> None:
    elements = {"PatientBirthDate": "20200101", keyword: value} | ({"PatientAge": stated} if stated else {})
    assert facts(**elements).patient_age == pytest.approx(3, abs=0.01)


def test_a_date_before_birth_is_passed_over() -> None:
    read = facts(PatientBirthDate="20200101", StudyDate="19000101", ContentDate="20230101")
    assert read.patient_age == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize("keyword", ["QualityControlImage", "QualityControlSubject"])
def test_phantoms_say_so(keyword: str) -> None:
    assert facts(**{keyword: "YES"}).quality_control
    assert not facts(**{keyword: "NO"}).quality_control


@pytest.mark.parametrize(
    ("encoded", "charset", "text"),
    [
        ("T\u00d3RAX".encode("latin-1"), "ISO_IR 100", "T\u00d3RAX"),
        ("T\u00d3RAX".encode(), "ISO_IR 192", "T\u00d3RAX"),
        (
            "\u0413\u0420\u0423\u0414\u042c".encode("iso8859-5"),
            "ISO_IR 144",
            "\u0413\u0420\u0423\u0414\u042c",
        ),
        ("\u80f8\u90e8".encode(), "ISO_IR 192", "\u80f8\u90e8"),
    ],
)
def test_words_in_code_strings_are_read_as_the_device_meant_them(
    encoded: bytes, charset: str, text: str
) -> None:
    wanted = encoded + b" " * (8 - len(encoded))
    content = dicom_file(STORED, BodyPartExamined="THORAXXX", SpecificCharacterSet=charset)
    assert open_radiograph(content.replace(b"THORAXXX", wanted)).facts.body_part == text


def test_rubbish_in_one_element_spares_the_others() -> None:
    content = dicom_file(
        STORED, PatientAge="004Y", PixelSpacing=[0.5, 0.25], ViewPosition="AP", StudyDate="20200101"
    )
    for good, bad in ((b"004Y", b"x\x00?Y"), (b"0.5\\0.25", b"0.5\\abcd"), (b"20200101", b"2020\xff9\x01?")):
        assert good in content
        content = content.replace(good, bad)
    radiograph = open_radiograph(content)
    assert radiograph.facts.view_position == "AP"
    assert (radiograph.facts.patient_age, radiograph.facts.pixel_spacing) == (None, None)


@pytest.mark.parametrize("uid", ["1." + "2" * 63, "1.2.x", "1..2"])
def test_what_is_no_uid_is_not_cut_to_one(uid: str) -> None:
    assert facts(StudyInstanceUID=uid).study_instance_uid is None


def test_pixels_without_a_header_state_nothing() -> None:
    assert open_radiograph(STORED).facts == AcquisitionFacts()
