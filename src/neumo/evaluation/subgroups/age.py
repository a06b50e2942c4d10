"""Age bands in which results are shown."""

from neumo.core.ages import age_in_years

UNKNOWN = "unknown"
"""Name of the group whose value is missing or cannot be read."""

AGE_BANDS = ("<1", "1–5", "6–17", "18–64", "65+")
"""In completed years; the images of Kermany et al. are of the second band."""

_FIRST_YEAR_OF_BAND = (0.0, 1.0, 6.0, 18.0, 65.0)


def age_band(age: str) -> str:
    """Band of an age.

    Parameters
    ----------
    age : str
        As in `neumo.core.ages.age_in_years`.

    Returns
    -------
    str
        One of `AGE_BANDS`, or "unknown" for an empty text or for no possible age (below 0, above 130).
    """
    years = age_in_years(age)
    return UNKNOWN if years is None else AGE_BANDS[band_of(years)]


def band_of(years: float) -> int:
    """Return the position in `AGE_BANDS` of an age in years, at least 0."""
    return sum(years >= first for first in _FIRST_YEAR_OF_BAND) - 1
