"""Second check of de-identification, independent of the allow-list: patient identifiers left in the result.

It compares words by their letters alone, then looks for them by byte in everything that would be written, in every
spelling and encoding; and rather refuses a file too many.
"""

import io
from collections.abc import Iterator
from typing import Any, Final

from pydicom import Dataset, dcmwrite
from pydicom.multival import MultiValue

from neumo.core.romanisation import romanised
from neumo.deidentification.attributes import PSEUDONYMS
from neumo.deidentification.identity import (
    bytes_of,
    digits_of,
    encodings_of,
    identity_of,
    in_latin,
    plain,
    words_of,
)
from neumo.deidentification.numbers import NEEDED, is_identifier

_MIN_WORD, _MIN_PART, _MIN_PART_WITH_DIGITS = 3, 5, 6
"""Letters from which a word is looked for as a whole, and within other words; shorter ones match by chance."""
_MIN_JOINED = 6
"""Letters from which a word is looked for across spaces, hyphens and characters that do not show."""
_MIN_OTHER_SCRIPT = 2
"""The same for words beyond ASCII, which are looked for anywhere: Japanese puts no spaces."""
_MIN_BYTES, _MIN_BYTES_OF_PIXELS = 4, 6
"""Bytes from which a word is looked for in what is no text, and in pixels, where more of them meet by chance."""
_OTHER_SCRIPTS: Final = ("iso8859_5", "cp1251", "koi8_r", "iso8859_7", "shift_jis")
"""Encodings in which a name may stand in Greek, Cyrillic or Japanese syllables, and in Latin letters in the header."""
_TEXT: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""Value representations of words; dates are moved, and may meet the date of birth by chance."""
_REPLACED: Final = frozenset({"UI", "DA", "DT", "TM"})
"""Value representations that are made anew, and may hold some digits of an identifier by chance."""
_OWN_WORDS: Final = frozenset({"DeidentificationMethod", "DeidentificationMethodCodeSequence"})
"""Attributes of neumo's own words, some of which stand in for names elsewhere: Patient^Test."""


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
    texts = [list(words_of(text)) for text in _texts(kept)]
    texts += [[*romanised(word)] for words in texts for word in words]
    written, whole = "\n".join(map(" ".join, texts)), {word for words in texts for word in words}
    joined = plain("\n".join(map("".join, texts)))
    plain_written, plain_whole = plain(written), {plain(word) for word in whole}
    encodings, (header, pixels) = encodings_of(dataset), _haystacks(kept)
    decoded = _decoded(header)
    found = 0
    for word in identity_of(dataset):
        if not _is_long_enough(word):
            continue
        found += (
            word in whole
            or _is_part(word, written)
            or (len(plain(word)) >= _MIN_WORD and plain(word) in plain_whole)
            or _is_part(plain(word), plain_written)
            or _is_part(plain(word), decoded)
            or (len(plain(word)) >= _MIN_JOINED and plain(word) in joined)
            or any(
                (len(needle) >= _MIN_BYTES and _is_part(word, word) and needle in header)
                or (len(needle) >= _MIN_BYTES_OF_PIXELS and needle in pixels)
                for needle in bytes_of(word, encodings)
            )
        )
    digits = digits_of(dataset)
    return found + sum(is_identifier(str(n), digits) for k in NEEDED for n in _values(kept.get(k) or ""))


def _is_long_enough(word: str) -> bool:
    return len(word) >= (_MIN_WORD if word.isascii() else _MIN_OTHER_SCRIPT)


def _is_part(word: str, written: str) -> bool:
    shortest = (
        (_MIN_PART if word.isalpha() else _MIN_PART_WITH_DIGITS) if word.isascii() else _MIN_OTHER_SCRIPT
    )
    return len(word) >= shortest and word in written


def _haystacks(kept: Dataset) -> tuple[bytes, bytes]:
    """Return the bytes of what stays as it was, in lower case: of the header, and of the pixels."""
    rest = Dataset()
    for element in kept:
        replaced = element.VR in _REPLACED or element.keyword in PSEUDONYMS | _OWN_WORDS | {"PatientName"}
        if not replaced and element.keyword != "PixelData":
            rest[element.tag] = element
    stream = io.BytesIO()
    dcmwrite(stream, rest, implicit_vr=False, little_endian=True)
    return stream.getvalue().lower(), bytes(kept.get("PixelData") or b"").lower()


def _decoded(header: bytes) -> str:
    """Return the bytes as text in the usual encodings, in the form that all spellings of a word share."""
    wide = [header[start:].decode(f"utf-16-{order}", "ignore") for start in (0, 1) for order in ("le", "be")]
    other = [header.decode(encoding, "ignore") for encoding in _OTHER_SCRIPTS]
    utf_8 = header.decode("utf-8", "ignore")
    latin = map(in_latin, (utf_8, *wide, *other))
    return plain("\n".join((utf_8, header.decode("latin-1"), *wide, *latin)))


def _texts(kept: Dataset) -> Iterator[str]:
    for element in kept:
        if element.keyword in _OWN_WORDS:
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in _TEXT:
            yield from (str(value) for value in _values(element.value))


def _values(value: Any) -> Iterator[Any]:
    yield from (value if isinstance(value, MultiValue | list) else [value])
