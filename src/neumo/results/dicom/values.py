"""Values as their value representation wants them (PS3.5 section 6.2): normalised where that is certain, else none."""

import datetime
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from pydicom.config import RAISE
from pydicom.valuerep import validate_value

UNBROKEN: Final = frozenset({"LT", "ST", "UR", "UT"})
"""Value representations of one value, in which a backslash is a letter."""
ASCII: Final = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"})
"""Value representations of the default character repertoire."""

_ENUMERATED: Final[Mapping[str, frozenset[str]]] = {
    "PatientSex": frozenset("MFO"),
    "PatientIdentityRemoved": frozenset({"YES", "NO"}),
    "QualityControlSubject": frozenset({"YES", "NO"}),
    "PatientSexNeutered": frozenset({"ALTERED", "UNALTERED"}),
    "LossyImageCompression": frozenset({"00", "01"}),
}
"""Values that the standard allows, of attributes that results copy (PS3.3 sections C.7.1 and C.7.2)."""
_SEX: Final = {"MALE": "M", "FEMALE": "F", "OTHER": "O"}

_AGE = re.compile(r"(\d{1,3})([DWMYdwmy]?)")
_DATE = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})")
_TIME = re.compile(r"(\d{2})(:?)(\d{2})(?:\2(\d{2})(?:\.(\d{1,6})\d*)?)?")
_OFFSET = re.compile(r"([+-]\d{2}):?(\d{2})")
_NUMBER = re.compile(r"[+-]?(\d+)(?:([.,])(\d+))?")
_CONTROL = re.compile(r"[\x00-\x1a\x1c-\x1f\x7f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_DECIMAL: Final = 16
_MAX_CARETS: Final = 4
"""Most carets in a person's name, which separate family name, given name, middle name, prefix and suffix."""


def valid_value(text: str, vr: str, keyword: str = "") -> str | None:
    """Return one value as its value representation wants it; None where what it should be is not certain.

    Parameters
    ----------
    text : str
        Without padding; not empty.
    vr : str
    keyword : str
        Of the attribute, whose own values and form count too.
    """
    if (_CONTROL_IN_TEXT if vr in {"LT", "ST", "UT"} else _CONTROL).search(text):
        return None
    normalise = _NORMALISED.get(vr)
    if normalise is not None:
        text = normalise(text.strip()) or ""
    if keyword == "PatientSex":
        text = _SEX.get(text, text)
    if keyword == "TimezoneOffsetFromUTC":
        text = _offset(text)
    if vr == "PN" and any(group.count("^") > _MAX_CARETS for group in text.split("=")):
        return None
    if text == "" or (keyword in _ENUMERATED and text not in _ENUMERATED[keyword]):
        return None
    try:
        validate_value(vr, text, RAISE)
    except (ValueError, TypeError):
        return None
    return text


def real_date(text: str) -> str | None:
    """Return YYYYMMDD of a date that is one (PS3.5 DA); None of 20240231."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = found[1], found[3], found[4]
    with suppress(ValueError):
        datetime.date(int(year), int(month), int(day))
        return year + month + day
    return None


def _age(text: str) -> str | None:
    """Return an age as 062Y; a number without a unit is one of years, as those who write it mean."""
    found = _AGE.fullmatch(text)
    return None if found is None else f"{int(found[1]):03d}{found[2].upper() or 'Y'}"


def _time(text: str) -> str | None:
    if text.isdigit() and len(text) == 2:
        return text if int(text) < 24 else None
    found = _TIME.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[3]) > 59 or int(found[4] or 0) > 59:
        return None
    return found[1] + found[3] + (found[4] or "") + (f".{found[5]}" if found[5] else "")


def _moment(text: str) -> str | None:
    return text if real_date(text[:8]) == text[:8] else None


def _offset(text: str) -> str:
    found = _OFFSET.fullmatch(text)
    if found is None or not -12 <= int(found[1]) <= 14 or int(found[2]) > 59:
        return ""
    return found[1] + found[2] if found[1] + found[2] != "-0000" else "+0000"


def _decimal(text: str) -> str | None:
    """Return a decimal string of at most 16 characters; a comma is a point where it cannot part thousands."""
    found = _NUMBER.fullmatch(text)
    if found is None or (found[2] == "," and len(found[3]) == 3):
        return text
    text = text.replace(",", ".")
    if len(text) <= _MAX_DECIMAL:
        return text
    whole = len(text.partition(".")[0])
    return f"{float(text):.{max(0, _MAX_DECIMAL - 1 - whole)}f}" if whole <= _MAX_DECIMAL else None


_NORMALISED: Final[Mapping[str, Callable[[str], str | None]]] = {
    "AS": _age,
    "CS": str.upper,
    "DA": real_date,
    "DS": _decimal,
    "DT": _moment,
    "TM": _time,
}
