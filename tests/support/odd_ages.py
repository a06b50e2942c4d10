"""Ages and dates of birth as devices write them, and what results state of each."""

from typing import Any, Final

ODD_AGES: Final[dict[str, tuple[dict[str, Any], str | None, bool]]] = {
    "years without a unit": ({"PatientAge": "3"}, "003Y", True),
    "months": ({"PatientAge": "18M"}, "018M", True),
    "lower case": ({"PatientAge": "003y"}, "003Y", True),
    "in Spanish": ({"PatientAge": "3 A\xd1OS"}, None, True),
    "years and months": ({"PatientAge": "3Y6M"}, None, False),
    "a word": ({"PatientAge": "CHILD"}, None, False),
    "nobody is so old": ({"PatientAge": "999Y"}, "999Y", False),
    "from dates": ({"PatientAge": "", "PatientBirthDate": "20210503"}, "", True),
    "an impossible birth": ({"PatientAge": "", "PatientBirthDate": "20211345"}, "", False),
}
"""Elements of a header; Patient's Age of its results, where there is one; whether the age was understood."""
