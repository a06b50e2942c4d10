"""Limits on parsing a DICOM data set; parsed elements take some forty times their size in memory."""

from io import BytesIO
from typing import Any, Final

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from neumo.core.errors import UnreadableImageError

MAX_HEADER_BYTES: Final = 8 * 2**20
"""Bytes within which the pixel data must begin, and the most that all other elements together may take."""
_MAX_ITEMS: Final = 20_000
"""Sequence items in a header; each costs a kilobyte or two once parsed."""
_MAX_ELEMENTS: Final = 50_000
_MAX_DEPTH: Final = 16
"""Deepest nesting of sequences."""
_MAX_VALUE_BYTES: Final = 65_536
"""Longest value in bytes, lookup tables and sequences apart; the longest text of a header (LT) takes 40 KiB."""
_BULK: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
"""Value representations whose values stay bytes, whatever their length."""
_TABLES: Final = frozenset({0x00281201, 0x00281202, 0x00281203, 0x00281221})
"""Palettes (Palette Color Lookup Table Data), which are as long as they are."""


class BoundedStream(BytesIO):
    """Bytes of which no more than so many elements are read; every element begins with a read of 8 bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.elements = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read bytes; nothing more once there were too many elements, which ends every parser's loop."""
        if size == 8:
            self.elements += 1
        return b"" if self.exhausted else super().read(size)

    @property
    def exhausted(self) -> bool:
        """Whether there were too many elements."""
        return self.elements > _MAX_ELEMENTS


def require_few_items(content: bytes, name: str) -> None:
    """Raise UnreadableImageError where bytes hold more sequence items than a radiograph; nothing is parsed for it."""
    if _count_items(content) > _MAX_ITEMS:
        raise _too_many_items(name)


def require_few_elements(stream: BoundedStream, name: str) -> None:
    """Raise UnreadableImageError where a stream held too many elements."""
    if stream.exhausted:
        raise UnreadableImageError(
            "{name}: more than {most:,} elements; no radiograph has as many", name=name, most=_MAX_ELEMENTS
        )


def drop_long_values(dataset: Dataset) -> None:
    """Remove implausibly long values; palettes and sequences may be long."""
    for tag in list(dataset.keys()):
        raw: Any = dataset.get_item(tag)
        if not isinstance(raw, RawDataElement) or len(raw.value or b"") <= _MAX_VALUE_BYTES:
            continue
        if int(tag) not in _TABLES and _vr_of(raw) != "SQ":
            del dataset[tag]


def require_bounded(dataset: Dataset, content: bytes, name: str) -> None:
    """Check a data set with all its elements: whatever is done to it then takes bounded time and memory.

    Raises
    ------
    UnreadableImageError
        It holds too much beside bulk data, or sequences nested too deeply.
    """
    elements: list[Any] = [dataset.get_item(tag) for tag in list(dataset.keys())]
    bulk = sum(len(e.value or b"") for e in elements if isinstance(e, RawDataElement) and _vr_of(e) in _BULK)
    if len(content) - bulk > MAX_HEADER_BYTES:
        raise UnreadableImageError(
            "{name}: holds more than {most:,} bytes beside its pixels; no radiograph does",
            name=name,
            most=MAX_HEADER_BYTES,
        )
    level, items = [dataset], 0
    for _ in range(_MAX_DEPTH + 1):
        sequences = [(parent, tag) for parent in level for tag in _sequences(parent)]
        items += sum(_count_items(parent.get_item(tag).value or b"") for parent, tag in sequences)
        if items > _MAX_ITEMS:
            raise _too_many_items(name)
        level = [item for parent, tag in sequences for item in _items(parent, tag)]
        if not level:
            return
    raise UnreadableImageError(
        "{name}: sequences are nested deeper than {most} levels", name=name, most=_MAX_DEPTH
    )


def _sequences(dataset: Dataset) -> list[BaseTag]:
    return [tag for tag in list(dataset.keys()) if _vr_of(dataset.get_item(tag)) == "SQ"]


def _items(dataset: Dataset, tag: BaseTag) -> list[Dataset]:
    try:
        return list(dataset[tag].value or ())
    except Exception:  # it fails again for whoever needs this sequence
        return []


def _count_items(value: Any) -> int:
    """Count what may be sequence items in bytes that are not parsed yet."""
    if not isinstance(value, bytes):
        return 0
    return value.count(b"\xfe\xff\x00\xe0") + value.count(b"\xff\xfe\xe0\x00")


def _too_many_items(name: str) -> UnreadableImageError:
    return UnreadableImageError(
        "{name}: more than {most:,} sequence items; no radiograph has as many", name=name, most=_MAX_ITEMS
    )


def _vr_of(element: Any) -> str | None:
    if element.VR not in (None, "UN"):
        return str(element.VR)
    try:
        return dictionary_VR(element.tag)
    except KeyError:  # private
        return None
