"""Words that a reading's patient is searched by, and the key that readings of one patient share."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from neumo.core.patient import PatientStudy
from neumo.core.romanisation import in_other_kana, romanised
from neumo.records.canonical import canonical

MAX_WORD: Final = 64
_MAX_WORDS: Final = 12
"""Words of a search; further ones are left out."""
_BETWEEN_WORDS: Final = re.compile(r"[\s^=,;]+")
_BETWEEN_PARTS: Final = re.compile(r"[\W_]+")
_DAY_FORMATS: Final = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y")
"""Date patterns that people type, besides ISO 8601, whose digits are those of DICOM."""
_LETTERS: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
"""Letters that have no decomposition."""
_SPELT_OUT: Final = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("å", "aa"), ("ø", "oe"))


def words_of(patient: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the words under which a reading is found; `patient` as `PatientStudy.to_json` makes it.

    Those of names in other scripts are there in Latin letters, too.
    """
    own = own_words(patient)
    return own | {spelling[:MAX_WORD] for word in own for spelling in romanised(word)}


def own_words(patient: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the words of `words_of` that are in the script of the patient's name."""
    if patient is None:
        return frozenset()
    stated = PatientStudy.from_json(patient)
    texts = (stated.name, stated.id, stated.accession_number, stated.institution)
    found = {form for text in texts for word in _split(text or "") for form in _stored_forms(word)}
    # Names in scripts that people write without spaces are typed whole.
    found |= {_folded(group) for group in (stated.name or "").split("=") if not group.isascii()}
    found |= {_folded(day) for day in (stated.birth_date, stated.study_date) if day}
    return frozenset(word[:MAX_WORD] for word in found if word)


def searched_words(text: str) -> tuple[frozenset[str], ...]:
    """Return for each word of a search the beginnings of which a reading must have one; empty where nothing is left."""
    found = (frozenset(form[:MAX_WORD] for form in _typed_forms(word) if form) for word in _split(text))
    return tuple(word for word in found if word)[:_MAX_WORDS]


def patient_key(patient: Mapping[str, Any] | None) -> str:
    """Return the key that readings of one patient share: SHA-256 of Patient ID and its issuer, else the institution.

    Empty where no Patient ID is stated: names are shared by different people.
    """
    stated = PatientStudy() if patient is None else PatientStudy.from_json(patient)
    identifier = _plain(stated.id)
    if not identifier:
        return ""
    # The kinds go in, so that an issuer and an institution of the same name are not taken for one another.
    by = ["issuer", _plain(stated.issuer)] if stated.issuer else ["institution", _plain(stated.institution)]
    return hashlib.sha256(canonical([identifier, *by]).encode()).hexdigest()


def is_contradicted(one: PatientStudy, other: PatientStudy) -> bool:
    """Whether names or dates of birth under one Patient ID contradict each other: it may be another person's."""
    dates = {patient.birth_date for patient in (one, other) if patient.birth_date}
    names = [
        {
            spelling
            for word in _split(patient.name or "")
            for form in _stored_forms(word)
            for spelling in (form, *romanised(word))
        }
        for patient in (one, other)
    ]
    return len(dates) > 1 or (all(names) and not names[0] & names[1])


def _split(text: str) -> Iterable[str]:
    return filter(None, _BETWEEN_WORDS.split(unicodedata.normalize("NFC", text).casefold()))


def _stored_forms(word: str) -> set[str]:
    """Return a word without accents, with umlauts spelt out and not, whole and in its parts (Smith-Jones)."""
    parts = {word, *_BETWEEN_PARTS.split(word)}
    forms = {form for part in parts for form in (_folded(part), _folded(_spelt_out(part)))}
    return forms | {_contracted(form) for form in forms}


def _typed_forms(word: str) -> set[str]:
    other = (_folded(spelling) for spelling in (*romanised(word), *in_other_kana(word)))
    return {_folded(word), _folded(_spelt_out(word)), *_days(word), *other}


def _days(word: str) -> Iterable[str]:
    for form in _DAY_FORMATS:
        try:
            yield datetime.strptime(word, form).strftime("%Y%m%d")
        except ValueError:
            continue


def _folded(text: str) -> str:
    """Return the letters and digits of a text, in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in plain if c.isalnum())


def _spelt_out(word: str) -> str:
    for letter, letters in _SPELT_OUT:
        word = word.replace(letter, letters)
    return word


def _contracted(word: str) -> str:
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _plain(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
