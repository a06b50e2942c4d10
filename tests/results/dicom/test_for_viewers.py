"""Encapsulated PDF, Key Object Selection and Segmentation: filed with the study, the same each time, clean."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from tests.support.hospital_samples import ANSWER, errors_of, header, reading
from tests.support.reading_samples import VERIFIED

from neumo.core.answer import Answer
from neumo.core.errors import ResultError
from neumo.core.findings import Finding
from neumo.results.dicom import encapsulated_pdf, key_object, segmentation
from neumo.results.dicom.makers import object_of
from neumo.texts.language import LANGUAGES, Language

Make = Callable[..., Dataset]
NORMAL = replace(ANSWER, finding=Finding.NORMAL, pneumonia=False, prediction_set=(Finding.NORMAL,))


@pytest.mark.parametrize("make", [encapsulated_pdf, key_object, segmentation])
@pytest.mark.parametrize("language", LANGUAGES)
def test_clean_and_the_same_every_time(make: Make, language: Language, tmp_path: Path) -> None:
    made = make(reading(), header(), language=language)
    dcmwrite(tmp_path / "made.dcm", made, enforce_file_format=True)
    assert errors_of(tmp_path / "made.dcm") == []
    assert made.SOPInstanceUID == make(reading(), header(), language=language).SOPInstanceUID
    assert (made.StudyInstanceUID, made.PatientID) == ("1.2.3.4", "4711")
    verified = make(replace(reading(), decision=VERIFIED), header(), language=language)
    assert verified.SeriesInstanceUID != made.SeriesInstanceUID


def test_the_report_is_a_pdf_of_its_stated_length_about_the_radiograph(tmp_path: Path) -> None:
    dcmwrite(tmp_path / "made.dcm", encapsulated_pdf(reading(), header()), enforce_file_format=True)
    made = dcmread(tmp_path / "made.dcm")
    content = made.EncapsulatedDocument[: made.EncapsulatedDocumentLength]
    assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
    assert made.SourceInstanceSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.1.1"
    assert made.VerificationFlag == "UNVERIFIED"


def test_a_key_object_marks_the_radiograph_and_says_why() -> None:
    made = key_object(reading(), header(), language="es")
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.1.1"
    said = {item.ConceptNameCodeSequence[0].CodeValue: item for item in made.ContentSequence}[
        "113012"
    ].TextValue
    assert said.startswith("Neumon")


@pytest.mark.parametrize("answer", [NORMAL, None])
def test_only_pneumonia_is_marked(answer: Answer | None) -> None:
    with pytest.raises(ResultError, match="not pneumonia"):
        key_object(reading(answer), header())
    assert object_of("ko", reading(answer), header(), "en") is None
