"""Patient and study lines of a report: labels and values in a language."""

from neumo.core.patient import PatientStudy
from neumo.texts.catalogue import texts
from neumo.texts.language import Language

_MONTHS, _DAYS = 12.0, 365.25
_ROUNDING = 0.01
"""Ages are kept to four decimals of a year."""


def patient_lines(patient: PatientStudy | None, language: Language) -> list[tuple[str, str]]:
    """Return labels and values of what is stated, in the order of a report's head; empty without a patient."""
    if patient is None:
        return []
    t = texts(language)
    sex = patient.sex or ""
    stated = {
        "name": patient.display_name,
        "id": patient.id,
        "birth_date": patient.birth_date,
        "age": age_text(patient.age, language),
        "sex": t.find(f"terms.patient.sexes.{sex}", sex),
        "accession_number": patient.accession_number,
        "study_date": patient.study_date,
        "institution": patient.institution,
    }
    return [(t(f"terms.patient.{name}"), value) for name, value in stated.items() if value]


def age_text(age: float | None, language: Language) -> str:
    """Return an age in whole years, below 2 years in months, below one month in days; empty where it is None."""
    if age is None:
        return ""
    months = int(age * _MONTHS + _ROUNDING)
    if months >= 2 * _MONTHS:
        return texts(language)("terms.patient.ages.years", count=int(age + _ROUNDING))
    if months >= 1:
        return texts(language)("terms.patient.ages.months", count=months)
    return texts(language)("terms.patient.ages.days", count=round(age * _DAYS))
