"""Ages as people, tables and DICOM files write them, in years."""

import math
import re
from collections.abc import Iterable

OLDEST = 130.0
"""Years; above it an age is a mistake."""
MIN_KNOWN = 0.9
"""Share of ages that must be known for their span to be stated."""

_PER_YEAR = {"d": 365.25, "w": 52.18, "m": 12.0, "y": 1.0}
_AGE = re.compile(
    r"(?P<count>\d+(?:[.,]\d+)?)[\s_-]*(?:(?P<unit>[dwmy])|(?P<word>[^\W\d_]+))?\.?(?:\s*old)?", re.IGNORECASE
)
_WORDS = {
    "d": "day days dia dias día días jour jours tag tage tagen giorno giorni dag dagen",
    "w": "week weeks wk wks semana semanas semaine semaines sem woche wochen settimana settimane",
    "m": "month months mo mos mes meses mois monat monate mese mesi mês",
    "y": "year years yr yrs yo año años ano anos a an ans jahr jahre j anno anni jaar rok lat",
}
_UNIT_OF = {word: unit for unit, words in _WORDS.items() for word in words.split()}
"""Units as people write them in English, Spanish, Portuguese, French, German, Italian and Dutch."""


def age_in_years(text: str) -> float | None:
    """Years of an age.

    Parameters
    ----------
    text : str
        Years ("4", "0.5"), a DICOM Age String ("043Y", "018M"; PS3.5 section 6.2), or a number with its unit
        ("8 months", "6 semanas").

    Returns
    -------
    float or None
        None for an empty text, for one that is no age, and for an impossible age (above 130).
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        return None
    unit = (found["unit"] or _UNIT_OF.get((found["word"] or "years").lower(), "")).lower()
    if not unit:
        return None
    years = float(found["count"].replace(",", ".")) / _PER_YEAR[unit]
    return years if years <= OLDEST else None


def within(years: float, ages: tuple[float, float]) -> bool:
    """Whether an age lies between two ages of completed years, inclusive: 5.9 years are within 1 to 5."""
    youngest, oldest = ages
    return youngest <= years < oldest + 1


def age_span(ages: Iterable[tuple[float, float] | None]) -> tuple[float, float] | None:
    """Return the ages between which 95 % of some patients or images are, in completed years; a stray age moves neither.

    Parameters
    ----------
    ages : iterable of (float, float) or None
        Of each, the youngest and the oldest age that it may have, in years; None where nothing is known.

    Returns
    -------
    (float, float) or None
        None where the age of more than a tenth is not known, or there is nobody.
    """
    given = list(ages)
    known = [age for age in given if age is not None]
    if not known or len(known) < MIN_KNOWN * len(given):
        return None
    beyond = math.floor(0.025 * len(known))
    youngest, oldest = sorted(age[0] for age in known), sorted(age[1] for age in known)
    return float(int(youngest[beyond])), float(int(oldest[-1 - beyond]))


def age_in_units(years: float) -> tuple[int, str]:
    """Return an age as people state it, never rounded up: (8, "months"), (2, "days"), (1, "years"), (64, "years").

    Days below one month, months below two years, else years; whole years are years. The unit is "days", "months" or
    "years" also where the count is 1.
    """
    tiny = 1e-6  # eight months are 7.999... twelfths of a year
    if years >= 2 or (years >= 1 and years - int(years + tiny) < tiny):
        return int(years + tiny), "years"
    months = int(12 * years + tiny)
    return (months, "months") if months else (int(_PER_YEAR["d"] * years + 0.01), "days")
