"""Copies elements of a header whose values are valid; normalises others where that is certain, and names the rest."""

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom import Dataset
from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import BaseTag, Tag

from neumo.imaging.dicom.uids import is_uid
from neumo.imaging.quiet import quiet
from neumo.results.dicom.values import ASCII, UNBROKEN, valid_value

_BYTES: Final = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UT"}
)
"""Value representations whose bytes are the same in every transfer syntax."""
_DELIMITERS: Final = frozenset({0x09, 0x0A, 0x0C, 0x0D, 0x3D, 0x5C, 0x5E})
"""TAB, LF, FF, CR, equals sign, backslash, caret: behind them the first character set holds again."""

_TERM = re.compile(r"ISO[ _-]?(2022)?[ _-]?IR[ _-]?(\d+)")

Element = DataElement | RawDataElement


@dataclass(frozen=True, slots=True)
class Copied:
    """Elements of a header, ready to be put into another data set.

    Attributes
    ----------
    elements : dict of str to element
        By keyword.
    left_out : tuple of str
        Keywords of elements that the header has and whose values are invalid.
    character_set : tuple of str
        Terms of Specific Character Set; none for the default repertoire.
    """

    elements: dict[str, Element] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    character_set: tuple[str, ...] = ()


def copied_elements(source: Dataset, keywords: Iterable[str]) -> Copied:
    """Copy elements of a header, with its character set, which says how their bytes are to be read.

    Texts whose values are valid keep their bytes. A value that is invalid for its value representation is normalised
    where what it should be is certain ("62" years of age is "062Y"), else the element is left out. So are texts with
    letters that the stated character set does not have.
    """
    elements, left_out = dict[str, Element](), list[str]()
    with quiet():
        keywords = tuple(keywords)
        terms = _character_sets(source)
        if terms == [] and _is_undeclared_unicode(source, keywords):
            terms = ["ISO_IR 192"]
        if terms is None:
            left_out.append("SpecificCharacterSet")
        elif terms:
            elements["SpecificCharacterSet"] = DataElement(_tag("SpecificCharacterSet"), "CS", terms)
        encodings = convert_encodings(terms) if terms else []
        for keyword in keywords:
            tag = _tag(keyword)
            if tag not in source:
                continue
            try:
                element = _copied(source, tag, keyword, encodings)
            except Exception:  # whatever a broken value makes the parser or the decoder raise
                element = None
            if element is None:
                left_out.append(keyword)
            else:
                elements[keyword] = element
    return Copied(elements, tuple(left_out), tuple(terms or ()))


def _character_sets(source: Dataset) -> list[str] | None:
    """Return the terms of the header's character sets, misspelt ones corrected; None where one is not known."""
    try:
        stated = source.get("SpecificCharacterSet") or []
    except Exception:  # bytes that are no term
        return None
    terms = [stated] if isinstance(stated, str) else list(stated)
    found = [_TERM.sub(_spelt, str(term).strip().upper()) for term in terms]
    return found if all(term in python_encoding for term in found) else None


def _is_undeclared_unicode(source: Dataset, keywords: Iterable[str]) -> bool:
    """Whether a dataset without Specific Character Set holds UTF-8: some text is not ASCII, and all decode as UTF-8."""
    tags = (_tag(keyword) for keyword in keywords)
    texts = [_bytes_of(source, tag) for tag in tags if tag in source and dictionary_VR(tag) in _BYTES]
    try:
        return any(not text.decode("utf-8").isascii() for text in texts)
    except ValueError:
        return False


def _spelt(found: re.Match[str]) -> str:
    return f"ISO 2022 IR {found[2]}" if found[1] else f"ISO_IR {found[2]}"


def _copied(source: Dataset, tag: BaseTag, keyword: str, encodings: list[str]) -> Element | None:
    vr = dictionary_VR(tag)
    if vr == "SQ":
        return _sequence(source, tag, encodings)
    if vr not in _BYTES:
        return _parsed(source, tag, keyword)
    content = _bytes_of(source, tag)
    text = _decoded(content, vr, encodings)
    if text is None:
        return None
    stripped = text.rstrip("\0 ")
    valid = stripped if not stripped else _valid(stripped, vr, keyword)
    if valid is None:
        return None
    if valid != stripped or len(content) % 2:
        pad = b"\0" if vr == "UI" else b" "
        content = valid.encode("ascii") if valid != stripped else content
        content += pad * (len(content) % 2)
    return RawDataElement(tag, vr, len(content), content, 0, False, True)


def _bytes_of(source: Dataset, tag: BaseTag) -> bytes:
    """Return a value's bytes as they stand, or as pydicom would write them."""
    element: Any = source.get_item(tag)
    if isinstance(element, RawDataElement):
        return bytes(element.value or b"")
    stream = _nowhere()
    write_data_element(stream, element, source.get("SpecificCharacterSet"))
    header = 12 if dictionary_VR(tag) in {"UC", "UT"} else 8
    return stream.getvalue()[header:]


def _decoded(content: bytes, vr: str, encodings: list[str]) -> str | None:
    """Return the text of bytes; None where they cannot be one of the character set."""
    if vr in ASCII or not encodings:
        return content.decode("ascii")  # a ValueError is caught above
    text = decode_bytes(content, encodings, set(_DELIMITERS))
    return None if "\N{REPLACEMENT CHARACTER}" in text else text


def _valid(text: str, vr: str, keyword: str) -> str | None:
    if vr in UNBROKEN:
        return valid_value(text, vr, keyword)
    if vr == "UI":
        return text if is_uid(text) else None
    values = text.split("\\")
    if len(values) > 1 and dictionary_VM(_tag(keyword)) == "1":
        return None
    valid = [value if not value.strip(" ") else valid_value(value, vr, keyword) for value in values]
    return None if None in valid else "\\".join(value or "" for value in valid)


def _parsed(source: Dataset, tag: BaseTag, keyword: str) -> DataElement | None:
    """Copy a number."""
    element = deepcopy(source[tag])
    write_data_element(_nowhere(), element, source.get("SpecificCharacterSet"))
    if keyword == "PregnancyStatus" and element.value not in (None, 1, 2, 3, 4):
        return None
    return element


def _sequence(source: Dataset, tag: BaseTag, encodings: list[str]) -> DataElement | None:
    """Copy a sequence whose values are all valid, or can be made so."""
    element = deepcopy(source[tag])
    for item in element.value:
        if not _make_valid(item, encodings):
            return None
    write_data_element(_nowhere(), element, source.get("SpecificCharacterSet"))
    return element


def _make_valid(item: Dataset, encodings: list[str]) -> bool:
    for tag in list(item.keys()):
        if tag.is_private or not (keyword := keyword_for_tag(tag)):
            del item[tag]
            continue
        made = _copied(item, tag, keyword, encodings)
        if made is None:
            return False
        item[tag] = made
    return True


def _nowhere() -> DicomBytesIO:
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = False, True
    return stream


def _tag(keyword: str) -> BaseTag:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return Tag(tag)
