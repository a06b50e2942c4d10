"""Facts of the header, and that nothing which names the patient is among them."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from tests.support.dicom_samples import PATIENT, STUDY, dicom_file

from neumo.core.radiograph import AcquisitionFacts, CodedConcept
from neumo.imaging import open_radiograph

STORED = np.arange(12, dtype=np.uint16).reshape(3, 4)


def facts(**elements: Any) -> AcquisitionFacts:
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
        ("000Y", None),
        ("999Y", None),
    ],
)
def test_ages(stated: str, years: float | None) -> None:
    assert facts(PatientAge=stated).patient_age == (None if years is None else pytest.approx(years, abs=1e-3))


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


def test_pixels_without_a_header_state_nothing() -> None:
    assert open_radiograph(STORED).facts == AcquisitionFacts()
