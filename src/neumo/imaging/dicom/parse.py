"""DICOM bytes to the few elements that matter, within bounds, whatever the bytes claim."""

import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.imaging.dicom.recognise import MAGIC, PREAMBLE

HEADER_LIMIT = 8 * 2**20
"""Bytes in which the pixel data must begin: parsed elements take some forty times their size in memory."""
_MAX_ITEMS = 20_000
"""Sequence items in a header; each costs a kilobyte or two once parsed."""
_MAX_VALUE = 4096
"""Bytes of one kept value, tables and sequences apart."""

_PIXEL_DATA, _FLOAT_PIXEL_DATA = 0x7FE00010, 0x7FE00008
_UNDEFINED = 0xFFFFFFFF

_SEQUENCES = ("ModalityLUTSequence", "VOILUTSequence", "AnatomicRegionSequence", "ViewCodeSequence")
_TABLES = (
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData",
)
_VALUES = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "PresentationIntentType",
    "BodyPartExamined",
    "ViewPosition",
    "PatientOrientation",
    "Laterality",
    "ImageLaterality",
    "PatientAge",
    "PatientBirthDate",
    "StudyDate",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "PresentationLUTShape",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
)


def _tags(keywords: tuple[str, ...]) -> list[BaseTag | int]:
    return [tag for keyword in keywords if (tag := tag_for_keyword(keyword)) is not None]


_WANTED = _tags((*_SEQUENCES, *_TABLES, *_VALUES))
_LONG = frozenset(_tags((*_SEQUENCES, *_TABLES)))


@dataclass(frozen=True)
class PixelElement:
    """The element that holds the pixels, not yet decoded.

    Attributes
    ----------
    floating : bool
        True for Float or Double Float Pixel Data.
    vr : str or None
        Value representation; None where it is implicit.
    encapsulated : bool
        True when the length is undefined: fragments follow.
    stated : int
        Length in bytes that the file claims; 0 when encapsulated.
    value : memoryview
        What of it the file really holds; when encapsulated, all that follows.
    """

    floating: bool
    vr: str | None
    encapsulated: bool
    stated: int
    value: memoryview


@dataclass(frozen=True)
class Parsed:
    """What `parse` found.

    Attributes
    ----------
    dataset : Dataset
        The wanted elements alone.
    transfer_syntax : UID
        As stated, else as guessed from the encoding; deflated becomes Explicit VR Little Endian.
    stated_syntax : UID
        As stated, deflated included.
    pixels : PixelElement or None
        None where the file holds none, or ends before them.
    """

    dataset: Dataset
    transfer_syntax: UID
    stated_syntax: UID
    pixels: PixelElement | None


def parse(content: bytes, name: str, *, max_pixels: int) -> Parsed:
    """Parse the header of a DICOM file up to its pixel data.

    Private elements and those that neumo has no use for are passed over; values too long to be true are dropped.

    Raises
    ------
    ImageTooLargeError
        A deflated file grows beyond what `max_pixels` can take.
    UnreadableImageError
        The header cannot be parsed.
    """
    deflated = _deflated_from(content)
    if deflated is not None:
        content = _inflated(content, deflated, name, max_pixels)
    header = content[:HEADER_LIMIT]
    _require_few_items(header, name)
    found: list[tuple[int, str | None, int, int]] = []
    stream = BytesIO(header)

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if not _FLOAT_PIXEL_DATA <= tag <= _PIXEL_DATA:
            return False
        found.append((int(tag), vr, length, stream.tell()))
        return True

    try:
        dataset = read_partial(stream, stop_when=at_pixels, force=True, specific_tags=list(_WANTED))
        stated = dataset.file_meta.get("TransferSyntaxUID")
    except Exception as error:  # whatever the parser meets; its words may quote the patient and are left out
        raise UnreadableImageError(
            f"{name}: the DICOM header cannot be parsed ({type(error).__name__}); the file is corrupt or truncated"
        ) from error
    _drop_long_values(dataset)
    syntax = UID(str(stated)) if stated else _syntax_of_encoding(dataset.original_encoding)
    return Parsed(
        dataset=dataset,
        transfer_syntax=syntax,
        stated_syntax=UID(DeflatedExplicitVRLittleEndian) if deflated is not None else syntax,
        pixels=_pixel_element(content, *found[0]) if found else None,
    )


def _pixel_element(content: bytes, tag: int, vr: str | None, length: int, start: int) -> PixelElement:
    encapsulated = length == _UNDEFINED
    end = len(content) if encapsulated else min(start + length, len(content))
    return PixelElement(
        floating=tag != _PIXEL_DATA,
        vr=vr,
        encapsulated=encapsulated,
        stated=0 if encapsulated else length,
        value=memoryview(content)[start:end],
    )


def _require_few_items(header: bytes, name: str) -> None:
    items = header.count(b"\xfe\xff\x00\xe0") + header.count(b"\xff\xfe\xe0\x00")
    if items > _MAX_ITEMS:
        raise UnreadableImageError(
            f"{name}: more than {_MAX_ITEMS:,} sequence items; no radiograph has as many"
        )


def _drop_long_values(dataset: Dataset) -> None:
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if int(tag) not in _LONG and raw is not None and len(raw.value or b"") > _MAX_VALUE:
            del dataset[tag]


def _syntax_of_encoding(encoding: tuple[bool | None, bool | None]) -> UID:
    implicit, little = encoding
    if implicit:
        return UID(ImplicitVRLittleEndian)
    return UID(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def _deflated_from(content: bytes) -> int | None:
    """Where the deflated part begins (PS3.5 section A.5); None where nothing is deflated."""
    start = PREAMBLE + 4 if content[PREAMBLE : PREAMBLE + 4] == MAGIC else 0
    deflated = False
    while content[start : start + 2] == b"\x02\x00":
        element, vr = content[start + 2 : start + 4], content[start + 4 : start + 6]
        wide = vr in {b"OB", b"OW", b"UN", b"SQ", b"UT"}
        begin = start + (12 if wide else 8)
        length = int.from_bytes(content[start + 8 : begin] if wide else content[start + 6 : begin], "little")
        value = content[begin : begin + min(length, 64)]
        if element == b"\x10\x00":
            deflated = value.rstrip(b"\0 ") == DeflatedExplicitVRLittleEndian.encode()
        start = begin + length
    return start if deflated else None


def _inflated(content: bytes, start: int, name: str, max_pixels: int) -> bytes:
    limit = HEADER_LIMIT + 3 * max_pixels
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(memoryview(content)[start:], limit)
    except zlib.error as error:
        raise UnreadableImageError(f"{name}: the deflated data set is corrupt ({error})") from error
    if inflater.unconsumed_tail:
        raise ImageTooLargeError(
            f"{name}: inflates to more than {limit:,} bytes; no radiograph allowed here does"
        )
    return inflated
