"""Age bands, from ages as people and DICOM files write them."""

import re

UNKNOWN = "unknown"
"""Name of the group whose value is missing or cannot be read."""

AGE_BANDS = ("<1", "1–5", "6–17", "18–64", "65+")
"""In completed years; the public training images are of the second band."""

_FIRST_YEAR_OF_BAND = (0.0, 1.0, 6.0, 18.0, 65.0)
_OLDEST = 130.0
_DICOM_AGE = re.compile(r"(?P<count>\d{3})(?P<unit>[DWMY])")
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}


def age_band(age: str) -> str:
    """Band of an age.

    Parameters
    ----------
    age : str
        Years ("4", "0.5"), or a DICOM Age String ("004Y", "018M"; PS3.5 section 6.2).

    Returns
    -------
    str
        One of `AGE_BANDS`, or "unknown" for an empty text or for no possible age (below 0, above 130).
    """
    years = _years(age.strip())
    if years is None or not 0.0 <= years <= _OLDEST:
        return UNKNOWN
    return AGE_BANDS[sum(years >= first for first in _FIRST_YEAR_OF_BAND) - 1]


def _years(age: str) -> float | None:
    coded = _DICOM_AGE.fullmatch(age.upper())
    if coded is not None:
        return int(coded["count"]) / _PER_YEAR[coded["unit"]]
    try:
        return float(age)
    except ValueError:
        return None
