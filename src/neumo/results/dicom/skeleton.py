"""Skeletons: a data set that highdicom built and checked once, encoded, with gaps for what a reading fills in.

Building a Structured Report costs some 40 ms, nearly all of it for what is the same in every report of a bundle.
"""

import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom import DataElement, Dataset, FileMetaDataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32 as LONG
from pydicom.valuerep import DSfloat

Values = Mapping[str | float, str | float]
"""Values of gaps, by their stand-in: a number or a UID that is the whole of a value, a text that is part of one."""

Encodings = list[str] | None
"""Python's codecs of a data set's character set; None for the default repertoire."""

_ITEM: Final = b"\xfe\xff\x00\xe0"
_NUMBERS: Final = frozenset({"DS", "FD"})
_NO_TEXT: Final = frozenset({"AT", "FL", "IS", "OB", "OW", "SL", "SS", "UL", "US"})


@dataclass(frozen=True, slots=True)
class _Gap:
    """An element whose value holds stand-ins."""

    tag: BaseTag
    vr: str
    value: Any

    def encoded(self, values: Values, encodings: Encodings) -> bytes:
        return _encoded(DataElement(self.tag, self.vr, self._filled(values)), encodings)

    def _filled(self, values: Values) -> Any:
        if self.vr in _NUMBERS:
            number = float(values[float(self.value)])
            return DSfloat(number, auto_format=True) if self.vr == "DS" else number
        texts = self.value if isinstance(self.value, MultiValue) else [self.value]
        return [_with_values(str(text), values) for text in texts]


@dataclass(frozen=True, slots=True)
class _Sequence:
    """A sequence with gaps somewhere below it."""

    tag: BaseTag
    items: "tuple[tuple[bytes | _Gap | _Sequence, ...], ...]"
    vr: str = "SQ"

    def encoded(self, values: Values, encodings: Encodings) -> bytes:
        content = bytearray()
        for parts in self.items:
            item = b"".join(
                part if isinstance(part, bytes) else part.encoded(values, encodings) for part in parts
            )
            content += _ITEM + struct.pack("<L", len(item)) + item
        return struct.pack("<HH4sL", self.tag.group, self.tag.element, b"SQ\0\0", len(content)) + content


class Skeleton:
    """The elements of a data set, encoded in Explicit VR Little Endian, with gaps.

    Parameters
    ----------
    built : Dataset
        Whole, with its class; stand-ins lie where `filled` puts values.
    stand_ins : collection of str or float
        Texts that occur nowhere else, UIDs and numbers.
    character_set : sequence of str
        Terms that texts are encoded by; none for the default repertoire.
    """

    def __init__(
        self, built: Dataset, stand_ins: Collection[str | float] = (), character_set: Sequence[str] = ()
    ) -> None:
        encodings = self._encodings = convert_encodings(list(character_set)) if character_set else None
        self._sop_class = built.SOPClassUID
        self._parts = [(element, _part(element, stand_ins, encodings)) for element in built]

    def filled(self, values: Values | None = None) -> Dataset:
        """Return a new data set with values in the place of all stand-ins, its elements not parsed yet."""
        values = values or {}
        result = Dataset()
        for element, part in self._parts:
            whole = part if isinstance(part, bytes) else part.encoded(values, self._encodings)
            value = whole[_header_length(element.VR) :]
            result[element.tag] = RawDataElement(
                element.tag, element.VR, len(value), value, 0, is_implicit_VR=False, is_little_endian=True
            )
        result.preamble = b"\0" * 128
        result.file_meta = FileMetaDataset()
        result.file_meta.FileMetaInformationVersion = b"\0\1"
        result.file_meta.MediaStorageSOPClassUID = self._sop_class
        return result


def _part(
    element: DataElement, stand_ins: Collection[str | float], encodings: Encodings
) -> bytes | _Gap | _Sequence:
    if element.VR == "SQ":
        items = tuple(_parts(item, stand_ins, encodings) for item in element.value)
        if all(isinstance(part, bytes) for parts in items for part in parts):
            return _encoded(element, encodings)
        return _Sequence(element.tag, items)
    if _has_gap(element, stand_ins):
        return _Gap(element.tag, element.VR, element.value)
    return _encoded(element, encodings)


def _parts(
    item: Dataset, stand_ins: Collection[str | float], encodings: Encodings
) -> tuple[bytes | _Gap | _Sequence, ...]:
    """Return the elements of an item, neighbours without gaps in one piece."""
    parts: list[bytes | _Gap | _Sequence] = []
    for element in item:
        part = _part(element, stand_ins, encodings)
        if isinstance(part, bytes) and parts and isinstance(parts[-1], bytes):
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)


def _has_gap(element: DataElement, stand_ins: Collection[str | float]) -> bool:
    if element.VR in _NUMBERS:
        return not element.is_empty and element.VM == 1 and float(element.value) in stand_ins
    if element.VR in _NO_TEXT:
        return False
    text = str(element.value)
    return any(isinstance(stand_in, str) and stand_in in text for stand_in in stand_ins)


def _with_values(text: str, values: Values) -> str:
    for stand_in, actual in values.items():
        if isinstance(stand_in, str):
            text = text.replace(stand_in, str(actual))
    return text


def _encoded(element: DataElement, encodings: Encodings) -> bytes:
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = False, True
    write_data_element(stream, element, encodings)
    return stream.getvalue()


def _header_length(vr: str) -> int:
    """Return the bytes before a value: tag, value representation, length (PS3.5 section 7.1.2)."""
    return 12 if vr in LONG else 8
