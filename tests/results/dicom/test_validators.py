"""Reports and captures under dicom-validator, beside dciodvfy: two validators that know nothing of each other."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from dicom_validator.validator.dicom_info import DicomInfo
from dicom_validator.validator.iod_validator import IODValidator
from pydicom import Dataset, dcmread
from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage
from tests.support.hospital_samples import ANSWER, header, reading
from tests.support.reading_samples import DECISIONS
from tests.support.standard_tables import validation_tables

from neumo.core.decision import Decision
from neumo.core.findings import Finding
from neumo.results.dicom import secondary_capture, structured_report

MAKERS: dict[str, Callable[..., Dataset]] = {"report": structured_report, "capture": secondary_capture}
ANSWERS = {
    "read": ANSWER,
    "normal": replace(ANSWER, finding=Finding.NORMAL, pneumonia=False, prediction_set=(Finding.NORMAL,)),
    "refused": None,
}
HEADERS: dict[str, dict[str, Any]] = {
    "complete": {},
    "accents": {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Muñoz^José"},
    "Japanese": {
        "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    },
    "bare": dict.fromkeys(
        ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
         "ReferringPhysicianName", "PatientOrientation", "BodyPartExamined", "PatientAge")
    ),
}  # fmt: skip


@cache
def tables() -> DicomInfo:
    return validation_tables((Comprehensive3DSRStorage, SecondaryCaptureImageStorage))


def errors_of(dataset: Dataset) -> set[str]:
    """Return dicom-validator's complaints about a data set as it is sent, as "module: tag, what"."""
    sent = BytesIO()
    dataset.save_as(sent, enforce_file_format=True)
    sent.seek(0)
    result = IODValidator(dcmread(sent), tables(), log_level=logging.CRITICAL).validate()
    return {
        f"{module}: {tag}, {error.code.name}"
        for module, errors in (result.module_errors or {}).items()
        for tag, error in errors.items()
    }


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("maker", MAKERS)
def test_results_with_decisions_keep_to_the_standards_tables(maker: str, decision: Decision | None) -> None:
    assert errors_of(MAKERS[maker](reading(decision=decision), header(**HEADERS["accents"]))) == set()


@pytest.mark.parametrize("source", HEADERS)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_results_keep_to_the_standards_tables(maker: str, answer: str, source: str) -> None:
    made = MAKERS[maker](reading(ANSWERS[answer]), header(**HEADERS[source]))
    assert errors_of(made) == set()


@pytest.mark.parametrize(
    ("maker", "change", "found"),
    [
        ("report", lambda d: d.__delattr__("CompletionFlag"), "TagMissing"),
        ("report", lambda d: d.__setattr__("InstanceNumber", ""), "TagEmpty"),
        ("report", lambda d: d.__delattr__("SeriesInstanceUID"), "TagMissing"),
        ("report", lambda d: d.ContentSequence[0].__delattr__("RelationshipType"), "TagMissing"),
        ("capture", lambda d: d.__delattr__("ConversionType"), "TagMissing"),
        ("capture", lambda d: d.__delattr__("PlanarConfiguration"), "TagMissing"),
        ("capture", lambda d: d.__setattr__("EchoTime", "1"), "TagUnexpected"),
    ],
)
def test_what_breaks_a_rule_is_found(maker: str, change: Callable[[Dataset], None], found: str) -> None:
    made = MAKERS[maker](reading(), header())
    change(made)
    assert any(error.endswith(found) for error in errors_of(made)), errors_of(made)


def test_rules_hold_for_content_items_at_every_depth() -> None:
    made = structured_report(reading(), header())
    inner = made.ContentSequence[-1]
    while "ContentSequence" in inner:
        inner = inner.ContentSequence[-1]
    del inner.RelationshipType
    assert any("RelationshipType" in error or "A010" in error for error in errors_of(made)), errors_of(made)
