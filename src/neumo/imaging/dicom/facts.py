"""Acquisition facts from a DICOM header, without the patient's name and numbers."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from pydicom.dataset import Dataset

from neumo.core.radiograph import AcquisitionFacts, CodedConcept

_MAX_TEXT = 64
_MAX_CODES = 8
_MAX_AGE = 150
_DAYS_OF = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_DATE = re.compile(r"(\d{4})[.]?(\d{2})[.]?(\d{2})")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def read_facts(dataset: Dataset) -> AcquisitionFacts:
    """Read the facts; missing or invalid values become None or empty, and never an error."""
    return AcquisitionFacts(
        modality=code_string(dataset, "Modality"),
        body_part=code_string(dataset, "BodyPartExamined"),
        body_part_codes=_concepts(dataset, "AnatomicRegionSequence"),
        view_position=code_string(dataset, "ViewPosition"),
        view_codes=_concepts(dataset, "ViewCodeSequence"),
        patient_orientation=_orientation(dataset),
        laterality=code_string(dataset, "ImageLaterality") or code_string(dataset, "Laterality"),
        patient_age=_patient_age(dataset),
        photometric_interpretation=code_string(dataset, "PhotometricInterpretation"),
        presentation_intent=code_string(dataset, "PresentationIntentType"),
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        study_instance_uid=_uid(dataset, "StudyInstanceUID"),
        series_instance_uid=_uid(dataset, "SeriesInstanceUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        pixel_spacing=_spacing(dataset, "PixelSpacing") or _spacing(dataset, "ImagerPixelSpacing"),
    )


def value_of(dataset: Dataset, keyword: str) -> Any:
    """Value of an element; None where it is absent, empty or cannot be converted."""
    try:
        value = dataset.get(keyword)
    except Exception:  # an invalid element says nothing about the others
        return None
    return None if value in ("", b"") else value


def code_string(dataset: Dataset, keyword: str) -> str | None:
    """First value of an element as upper-case printable text of at most 64 characters, else None."""
    return _text(value_of(dataset, keyword), upper=True)


def _text(value: Any, *, upper: bool = False) -> str | None:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0] if value else None
    if value is None:
        return None
    text = "".join(c for c in str(value) if c.isprintable()).strip()[:_MAX_TEXT]
    return (text.upper() if upper else text) or None


def _uid(dataset: Dataset, keyword: str) -> str | None:
    text = _text(value_of(dataset, keyword))
    return text if text and _UID.fullmatch(text) else None


def _orientation(dataset: Dataset) -> tuple[str, ...]:
    value = value_of(dataset, "PatientOrientation")
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return ()
    return tuple(text for text in (_text(part, upper=True) for part in value) if text)


def _concepts(dataset: Dataset, keyword: str) -> tuple[CodedConcept, ...]:
    items = value_of(dataset, keyword)
    if not isinstance(items, Sequence):
        return ()
    concepts = []
    for item in items[:_MAX_CODES]:
        value = _text(value_of(item, "CodeValue"))
        scheme = _text(value_of(item, "CodingSchemeDesignator"))
        if value and scheme:
            concepts.append(CodedConcept(value, scheme, _text(value_of(item, "CodeMeaning")) or ""))
    return tuple(concepts)


def _spacing(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    try:
        rows, columns = (float(part) for part in value_of(dataset, keyword))
    except (TypeError, ValueError, OverflowError):
        return None
    return (rows, columns) if 0 < rows < 100 and 0 < columns < 100 else None


def _patient_age(dataset: Dataset) -> float | None:
    stated = _AGE.fullmatch(code_string(dataset, "PatientAge") or "")
    if stated and (int(stated[1]) > 0 or stated[2] != "Y"):
        return _plausible(int(stated[1]) * _DAYS_OF[stated[2]] / _DAYS_OF["Y"])
    born, studied = _date(dataset, "PatientBirthDate"), _date(dataset, "StudyDate")
    if born is None or studied is None:
        return None
    return _plausible((studied - born).days / _DAYS_OF["Y"])


def _plausible(years: float) -> float | None:
    return round(years, 4) if 0 <= years <= _MAX_AGE else None


def _date(dataset: Dataset, keyword: str) -> date | None:
    found = _DATE.fullmatch(_text(value_of(dataset, keyword)) or "")
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None
