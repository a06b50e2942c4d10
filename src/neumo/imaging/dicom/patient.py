"""Patient and study that a DICOM header names."""

from dataclasses import fields
from datetime import date

from pydicom import Dataset

from neumo.core.patient import PatientStudy
from neumo.imaging.dicom.facts import read_facts, value_of
from neumo.imaging.quiet import quiet

_MAX_TEXT = 200
"""Characters; a name may have three groups of 64 (PS3.5 section 6.2, PN)."""


def read_patient(dataset: Dataset | None) -> PatientStudy | None:
    """Read patient and study; None where there is no header, or it states none of it. Never raises for its values."""
    if dataset is None:
        return None
    with quiet():
        found = PatientStudy(
            name=_text(dataset, "PatientName"),
            id=_text(dataset, "PatientID"),
            issuer=_text(dataset, "IssuerOfPatientID"),
            birth_date=_day(dataset, "PatientBirthDate"),
            age=read_facts(dataset).patient_age,
            sex=_text(dataset, "PatientSex"),
            accession_number=_text(dataset, "AccessionNumber"),
            study_date=_day(dataset, "StudyDate"),
            institution=_text(dataset, "InstitutionName"),
        )
    return found if any(getattr(found, field.name) is not None for field in fields(found)) else None


def _text(dataset: Dataset, keyword: str) -> str | None:
    """Return a value as printable text; None where it is absent, empty, or cannot be decoded."""
    try:
        text = str(value_of(dataset, keyword) or "")
    except Exception:  # whatever a broken value makes the decoder raise: it states nothing
        return None
    return "".join(c for c in text if c.isprintable()).strip(" ^=")[:_MAX_TEXT] or None


def _day(dataset: Dataset, keyword: str) -> str | None:
    digits = "".join(c for c in _text(dataset, keyword) or "" if c in "0123456789")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat() if digits else None
    except ValueError:
        return None
