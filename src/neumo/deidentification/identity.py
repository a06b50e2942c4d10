"""Identifying words of a header, and every way in which they may be written elsewhere in the file."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, Final

from pydicom import Dataset
from pydicom.charset import python_encoding
from pydicom.multival import MultiValue

from neumo.core.romanisation import in_other_kana, romanised

_SEPARATORS: Final = re.compile(r"[\W_]+")
_COMPONENTS: Final = re.compile(r"[\^=]")
"""Separators of family name, given name and the others, and of their forms in several scripts."""
_DATE: Final = re.compile(r"(\d{4})\D?(\d{2})\D?(\d{2})")
_NAMES: Final = frozenset({"PN"})
_IDENTIFIERS: Final = frozenset(
    {
        "PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID", "RequestedProcedureID",
        "ScheduledProcedureStepID", "PerformedProcedureStepID", "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest", "PatientBirthDate", "PatientTelephoneNumbers", "PatientAddress",
        "DeviceSerialNumber", "MedicalRecordLocator", "PatientInsurancePlanCodeSequence",
    }
)  # fmt: skip
_PLACES: Final = frozenset({"InstitutionName"})
"""Looked for as a whole, since makers of equipment lend their names to places."""
_ANATOMY: Final = frozenset({"chest", "thorax", "lung"})
"""Anatomical terms identify nobody: they are not looked for as part of a name such as Chest Clinic."""
_LETTERS: Final = str.maketrans({
    "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "å": "aa", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
})  # fmt: skip
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_PAIRS: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
_OTHER_SCRIPT: Final = re.compile(r"[\u0370-\u03ff\u0400-\u04ff\u3040-\u30ff\uff66-\uff9f]{3,64}")
"""Greek, Cyrillic and Japanese syllables: what is no text rarely looks like these, as it does like Chinese."""
_ALWAYS: Final = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "cp1252")
_BY_SCRIPT: Final = (
    "shift_jis",
    "iso2022_jp",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "big5",
    "iso8859_5",
    "iso8859_6",
    "iso8859_7",
    "iso8859_8",
    "cp1251",
    "cp1253",
    "koi8_r",
    "tis_620",
)
_DATE_FORMS: Final = tuple(
    separator.join(f"{{{part}}}" for part in order)
    for separator in ("", "-", ".", "/", " ")
    for order in ("ymd", "dmy", "mdy")
)


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text in lower case: runs of letters and digits."""
    yield from (word.casefold() for word in _SEPARATORS.split(text) if word)


def plain(word: str) -> str:
    """Return one form for all spellings of a word: Müller, Mueller and Muller; García and Garcia."""
    folded = word.casefold().translate(_LETTERS)
    folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    for pair, letter in _PAIRS:
        folded = folded.replace(pair, letter)
    return unicodedata.normalize("NFC", folded)


def identity_of(dataset: Dataset) -> set[str]:
    """Return the words, in lower case, of names and identifiers at any depth of a header, and how others spell them.

    All component groups of a name count: alphabetic, ideographic and phonetic; of other scripts also what they are in
    Latin letters. Parts that a space, hyphen or apostrophe separates count by themselves and together: "el-Rahman" also
    as "elrahman", "88-41-735" also as "8841735".

    Raises
    ------
    ValueError, TypeError
        A value cannot be parsed.
    """
    found: set[str] = set()
    for element in dataset.iterall():
        if element.VR in _NAMES or element.keyword in _IDENTIFIERS:
            for value in _values(element.value):
                found.update(words_of(str(value)))
                found.update("".join(words_of(part)) for part in _COMPONENTS.split(str(value)))
        elif element.keyword in _PLACES:
            found.update(" ".join(words_of(str(value))) for value in _values(element.value))
    return (found | {spelling for word in found for spelling in romanised(word)}) - _ANATOMY - {""}


def digits_of(dataset: Dataset) -> set[str]:
    """Return the digits of each identifier at any depth of a header."""
    return {
        "".join(letter for letter in str(value) if letter.isdecimal())
        for element in dataset.iterall()
        if element.keyword in _IDENTIFIERS
        for value in _values(element.value)
    } - {""}


def in_latin(text: str) -> str:
    """Return the Latin spellings of all words of a text that are in Greek, Cyrillic or Japanese syllables."""
    return "\n".join(
        spelling for word in set(_OTHER_SCRIPT.findall(text)) for spelling in sorted(romanised(word))
    )


def encodings_of(dataset: Dataset) -> tuple[str, ...]:
    """Return the encodings that text of a data set may be in: its own, and those that devices use anyway."""
    stated = [python_encoding.get(name, "") for name in _values(dataset.get("SpecificCharacterSet") or "")]
    return tuple(dict.fromkeys((*_ALWAYS, *filter(None, stated), *_BY_SCRIPT)))


def bytes_of(word: str, encodings: Iterable[str]) -> set[bytes]:
    """Return a word as bytes in every spelling, case and encoding, the letters of ASCII in lower case."""
    encoded = set()
    for spelling, encoding in product(_spellings(word), encodings):
        try:
            encoded.add(spelling.encode(encoding).lower())
        except UnicodeError:
            continue
    return encoded


def _spellings(word: str) -> set[str]:
    date = _DATE.fullmatch(word)
    if date is not None:
        year, month, day = date.groups()
        return {form.format(y=year, m=month, d=day) for form in _DATE_FORMS}
    small = word.casefold()
    stripped = "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))
    spellings = {
        small,
        small.translate(_LETTERS).translate(_UMLAUTS),
        stripped.translate(_LETTERS),
        plain(word),
    }
    spellings |= {unicodedata.normalize("NFD", small), unicodedata.normalize("NFC", small)}
    spellings |= in_other_kana(word)
    if small.isalpha() and small.isascii():
        spellings.add(_with_umlauts(small))
    return spellings | {spelling.upper() for spelling in spellings} | {s.capitalize() for s in spellings}


def _with_umlauts(word: str) -> str:
    for pair, letter in (("ae", "ä"), ("oe", "ö"), ("ue", "ü")):
        word = word.replace(pair, letter)
    return word


def _values(value: Any) -> Iterator[Any]:
    yield from (value if isinstance(value, MultiValue | list) else [value])
