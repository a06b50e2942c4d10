"""Acquisition facts from a DICOM header, without the patient's name and numbers."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset

from neumo.core.ages import OLDEST, age_in_years
from neumo.core.radiograph import AcquisitionFacts, CodedConcept
from neumo.imaging.dicom.uids import is_uid

_MAX_TEXT = 64
_MAX_CODES = 8
_DAYS_OF_YEAR = 365.25
_DATE = re.compile(r"(\d{4})([.\-/]?)(\d{2})\2(\d{2})(?:\d{2,6}.*)?")
_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime")
"""Dates near the exposure, in the order of trust."""
_NO_BIRTH_DATES = frozenset({date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1)})
"""Dates that spreadsheets and databases write for no date at all."""
_QUALITY_CONTROL = ("QualityControlImage", "QualityControlSubject")


def read_facts(dataset: Dataset) -> AcquisitionFacts:
    """Read the facts; missing or invalid values become None or empty, and never an error."""
    age = _patient_age(dataset)
    spacing = _positive_pair(dataset, "PixelSpacing") or _positive_pair(dataset, "ImagerPixelSpacing")
    shape = _positive_pair(dataset, "PixelAspectRatio") or spacing
    return AcquisitionFacts(
        modality=code_string(dataset, "Modality"),
        body_part=_words(dataset, "BodyPartExamined"),
        body_part_codes=_concepts(dataset, "AnatomicRegionSequence"),
        view_position=_words(dataset, "ViewPosition"),
        view_codes=_concepts(dataset, "ViewCodeSequence"),
        patient_orientation=_orientation(dataset),
        laterality=code_string(dataset, "ImageLaterality") or code_string(dataset, "Laterality"),
        patient_age=age,
        age_unreadable=age is None and _states_age(dataset),
        quality_control="YES" in {code_string(dataset, k) for k in _QUALITY_CONTROL},
        photometric_interpretation=code_string(dataset, "PhotometricInterpretation"),
        presentation_intent=code_string(dataset, "PresentationIntentType"),
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        study_instance_uid=_uid(dataset, "StudyInstanceUID"),
        series_instance_uid=_uid(dataset, "SeriesInstanceUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        pixel_spacing=spacing,
        pixel_aspect=None if shape is None else shape[0] / shape[1],
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


def _words(dataset: Dataset, keyword: str) -> str | None:
    """All values of a code string, whatever characters a device put there.

    The standard allows ASCII alone, so pydicom takes other bytes for Latin-1; most are UTF-8, or of the data set's own
    character set.
    """
    value = value_of(dataset, keyword)
    parts = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
    text = _text(" ".join(str(part) for part in parts if part), upper=True)
    if text is None or text.isascii():
        return text
    return _text(_as_meant(" ".join(str(part) for part in parts if part), dataset), upper=True)


def _as_meant(text: str, dataset: Dataset) -> str:
    stated = value_of(dataset, "SpecificCharacterSet")
    sets = [stated] if isinstance(stated, str) else list(stated or ())
    encodings = ["utf-8", *(python_encoding.get(name, "latin-1") for name in sets if name)]
    for encoding in encodings:
        try:
            return text.encode("latin-1").decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return text


def _text(value: Any, *, upper: bool = False) -> str | None:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0] if value else None
    if value is None:
        return None
    text = "".join(c for c in str(value) if c.isprintable()).strip()[:_MAX_TEXT]
    return (text.upper() if upper else text) or None


def _uid(dataset: Dataset, keyword: str) -> str | None:
    value = value_of(dataset, keyword)
    return value if isinstance(value, str) and is_uid(value) else None


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


def _positive_pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Two numbers of rows and of columns, as of a spacing; None where they are none, or 10,000 and more."""
    try:
        rows, columns = (float(part) for part in value_of(dataset, keyword))
    except (TypeError, ValueError, OverflowError):
        return None
    return (rows, columns) if 0 < rows < 10_000 and 0 < columns < 10_000 else None


def _patient_age(dataset: Dataset) -> float | None:
    stated = _text(value_of(dataset, "PatientAge"), upper=True) or ""
    years = age_in_years(stated)
    if years is not None and (years > 0 or stated.endswith(("D", "W", "M"))):
        return round(years, 4)
    born = _date(dataset, "PatientBirthDate")
    if born is None or born in _NO_BIRTH_DATES:
        return None
    for keyword in _DATES:
        taken = _date(dataset, keyword)
        if taken is not None and 0 <= (taken - born).days <= OLDEST * _DAYS_OF_YEAR:
            return round((taken - born).days / _DAYS_OF_YEAR, 4)
    return None


def _states_age(dataset: Dataset) -> bool:
    """Whether the header states an age other than none ("000Y"), or a date of birth."""
    age = _text(value_of(dataset, "PatientAge"), upper=True) or ""
    born = _text(value_of(dataset, "PatientBirthDate")) is not None
    return bool(age.strip("0Y ")) or (born and _date(dataset, "PatientBirthDate") not in _NO_BIRTH_DATES)


def _date(dataset: Dataset, keyword: str) -> date | None:
    found = _DATE.fullmatch(_text(value_of(dataset, keyword)) or "")
    try:
        return date(*(int(found[part]) for part in (1, 3, 4))) if found else None
    except ValueError:
        return None
