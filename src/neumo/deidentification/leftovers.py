"""Second check of de-identification, independent of the allow-list: patient identifiers left in the result.

It compares words by their letters alone, and rather refuses a file too many.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from pydicom import Dataset
from pydicom.multival import MultiValue

_MIN_WORD, _MIN_PART, _MIN_PART_WITH_DIGITS = 3, 5, 6
"""Letters from which a word is looked for as a whole, and within other words; shorter ones match by chance."""
_MIN_OTHER_SCRIPT = 2
"""The same for words beyond ASCII, which are looked for anywhere: Japanese puts no spaces."""
_CODESTREAM_HEAD: Final = 4096
"""Bytes of compressed pixels in which comments stand."""
_TEXT: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""Value representations of words; dates are moved, and may meet the date of birth by chance."""
_OWN_WORDS: Final = frozenset({"DeidentificationMethod", "DeidentificationMethodCodeSequence"})
"""Attributes of neumo's own words, some of which stand in for names elsewhere: Patient^Test."""
_ANATOMY: Final = frozenset({"chest", "thorax", "lung"})
"""Words of every chest radiograph, which say nothing of a Chest Clinic."""
_SEPARATORS: Final = re.compile(r"[\W_]+")
_NAMES: Final = frozenset({"PN"})
_IDENTIFIERS: Final = frozenset(
    {
        "PatientID", "OtherPatientIDs", "AccessionNumber", "PatientBirthDate",
        "PatientTelephoneNumbers", "PatientAddress", "DeviceSerialNumber",
    }
)  # fmt: skip

_PLACES: Final = frozenset({"InstitutionName"})
"""Looked for as a whole, since makers of equipment lend their names to places."""


def words_left(dataset: Dataset, kept: Dataset) -> int:
    """Count words of names and identifiers, in the original at any depth, that `kept` still holds.

    Parameters
    ----------
    dataset : Dataset
        The original.
    kept : Dataset
        What shall be written.

    Raises
    ------
    ValueError, TypeError
        A value cannot be parsed.
    """
    texts = [list(_words(text)) for text in _texts(kept)]
    written, whole = "\n".join(map(" ".join, texts)), {word for words in texts for word in words}
    head = _codestream_head(kept)
    words = set(_words_of_patient(dataset)) - _ANATOMY
    return sum(word in whole or _is_part(word, written) or _is_comment(word, head) for word in words)


def _words_of_patient(dataset: Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.VR in _NAMES or element.keyword in _IDENTIFIERS:
            for value in _values(element.value):
                yield from (word for word in _words(str(value)) if _is_long_enough(word))
        elif element.keyword in _PLACES:
            for value in _values(element.value):
                yield " ".join(_words(str(value)))


def _is_long_enough(word: str) -> bool:
    return len(word) >= (_MIN_WORD if word.isascii() else _MIN_OTHER_SCRIPT)


def _is_part(word: str, written: str) -> bool:
    shortest = (
        (_MIN_PART if word.isalpha() else _MIN_PART_WITH_DIGITS) if word.isascii() else _MIN_OTHER_SCRIPT
    )
    return len(word) >= shortest and word in written


def _is_comment(word: str, head: bytes) -> bool:
    """Whether compressed pixels say it in a comment, in either of the usual encodings."""
    return len(word) >= _MIN_PART and any(
        word.encode(encoding, "ignore") in head
        for encoding in ("utf-8", "latin-1")
        if word.encode(encoding, "ignore")
    )


def _texts(kept: Dataset) -> Iterator[str]:
    for element in kept:
        if element.keyword in _OWN_WORDS:
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in _TEXT:
            yield from (str(value) for value in _values(element.value))


def _codestream_head(kept: Dataset) -> bytes:
    if not kept.file_meta.TransferSyntaxUID.is_compressed:
        return b""
    return bytes(kept.get("PixelData") or b"")[:_CODESTREAM_HEAD].lower()


def _words(text: str) -> Iterator[str]:
    yield from (word.casefold() for word in _SEPARATORS.split(text) if word)


def _values(value: Any) -> Iterator[Any]:
    yield from (value if isinstance(value, MultiValue | list) else [value])
