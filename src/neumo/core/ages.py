"""Ages as people, tables and DICOM files write them, in years."""

import re

OLDEST = 130.0
"""Years; above it an age is a mistake."""

_PER_YEAR = {"d": 365.25, "w": 52.18, "m": 12.0, "y": 1.0}
_AGE = re.compile(
    r"(?P<count>\d+(?:[.,]\d+)?)\s*(?:(?P<unit>d|w|m|y)|(?P<word>days?|weeks?|wks?|months?|mos?|years?|yrs?))?",
    re.IGNORECASE,
)


def age_in_years(text: str) -> float | None:
    """Years of an age.

    Parameters
    ----------
    text : str
        Years ("4", "0.5"), a DICOM Age String ("043Y", "018M"; PS3.5 section 6.2), or a number with its unit
        ("8 months", "6 weeks").

    Returns
    -------
    float or None
        None for an empty text, for one that is no age, and for an impossible age (above 130).
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        return None
    unit = (found["unit"] or found["word"] or "y")[0].lower()
    years = float(found["count"].replace(",", ".")) / _PER_YEAR[unit]
    return years if years <= OLDEST else None
