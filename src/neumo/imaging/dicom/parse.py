"""Parses DICOM files with pydicom, within bounds; the one caller of pydicom's parser."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from neumo.core.errors import UnreadableImageError
from neumo.imaging.dicom.bounds import (
    MAX_HEADER_BYTES,
    BoundedStream,
    drop_long_values,
    require_bounded,
    require_few_elements,
    require_few_items,
)
from neumo.imaging.dicom.deflate import deflated_from, inflated
from neumo.imaging.limits import MAX_PIXELS, require_file_size
from neumo.imaging.quiet import quiet

_PIXEL_DATA, _FLOAT_PIXEL_DATA = 0x7FE00010, 0x7FE00008
_UNDEFINED = 0xFFFFFFFF

_Stop = Callable[[BaseTag, str | None, int], bool]


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
    """A parsed DICOM file.

    Attributes
    ----------
    dataset : FileDataset
        The elements before the pixel data, without implausibly long values; or all elements (see `parse`). Values
        are converted when they are first asked for, and may be invalid.
    transfer_syntax : UID
        Of the pixel data: as stated, else as guessed from the encoding; deflated becomes Explicit VR Little Endian.
    stated_syntax : UID
        As stated, deflated included.
    pixels : PixelElement or None
        None where the file holds none, or ends before them.
    """

    dataset: FileDataset
    transfer_syntax: UID
    stated_syntax: UID
    pixels: PixelElement | None


def parse(content: bytes, name: str, *, max_pixels: int = MAX_PIXELS, whole: bool = False) -> Parsed:
    """Parse a DICOM file up to its pixel data, or all of it.

    Parameters
    ----------
    content : bytes
        The file, with or without preamble and meta information.
    name : str
        What messages call it.
    max_pixels : int
        Bounds what a deflated file may grow to.
    whole : bool
        Keep all elements, the pixel data as bytes; what holds too much beside them is refused then.

    Raises
    ------
    ImageTooLargeError
        A deflated file grows beyond what `max_pixels` can take.
    UnreadableImageError
        It cannot be parsed, or holds more than any radiograph does.
    """
    try:
        with quiet():
            return _parsed(content, name, max_pixels, whole)
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # whatever the parser meets; its words may quote the patient and are left out
        raise UnreadableImageError(
            "{name}: the DICOM header cannot be parsed ({kind}); the file is corrupt or truncated",
            name=name,
            kind=type(error).__name__,
        ) from error


def _parsed(content: bytes, name: str, max_pixels: int, whole: bool) -> Parsed:
    start = deflated_from(content)
    head = None if start is None else _read(content[:start], lambda _tag, _vr, _length: True, name)
    if start is not None:
        content = inflated(content, start, MAX_HEADER_BYTES + 3 * max_pixels, name)
    require_few_items(content[:MAX_HEADER_BYTES], name)
    stream = BoundedStream(content if whole else content[:MAX_HEADER_BYTES])
    found: list[tuple[int, str | None, int, int]] = []

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if not _FLOAT_PIXEL_DATA <= tag <= _PIXEL_DATA:
            return False
        found.append((int(tag), vr, length, stream.tell()))
        return not whole

    dataset = _read(stream, at_pixels, name)
    if whole:
        require_bounded(dataset, content, name)
    else:
        drop_long_values(dataset)
    syntax = _syntax_of(dataset)
    if head is not None:
        dataset.file_meta, dataset.preamble = head.file_meta, head.preamble
    elif "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = syntax
    return Parsed(
        dataset=dataset,
        transfer_syntax=syntax,
        stated_syntax=syntax if start is None else UID(DeflatedExplicitVRLittleEndian),
        pixels=_pixel_element(content, *found[0]) if found else None,
    )


def parse_file(file: Path, *, whole: bool = False) -> FileDataset:
    """Parse a DICOM file of ours, or one that has been checked; see `parse`.

    Raises
    ------
    UnreadableImageError
        As `parse`.
    OSError
        It cannot be read.
    """
    require_file_size(str(file), file.stat().st_size)
    return parse(file.read_bytes(), str(file), whole=whole).dataset


def parse_beginning(content: bytes, syntax: UID, last: int) -> Dataset:
    """Parse a data set without meta information up to the tag `last`. Raises whatever its bytes make pydicom raise."""
    stream = BoundedStream(content[:MAX_HEADER_BYTES])
    require_few_items(content[:MAX_HEADER_BYTES], "data set")
    with quiet():
        dataset = read_dataset(
            stream,
            syntax.is_implicit_VR,
            syntax.is_little_endian,
            stop_when=lambda tag, _vr, _length: tag > last,
        )
    require_few_elements(stream, "data set")
    return dataset


def _read(stream: bytes | BoundedStream, stop: _Stop, name: str) -> FileDataset:
    if isinstance(stream, bytes):
        stream = BoundedStream(stream)
    try:
        dataset = read_partial(stream, stop_when=stop, force=True)
    except Exception:
        require_few_elements(stream, name)
        raise
    require_few_elements(stream, name)
    dataset.buffer = None  # which would keep all bytes in memory
    return dataset


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


def _syntax_of(dataset: FileDataset) -> UID:
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return UID(str(stated))
    implicit, little = dataset.original_encoding
    if implicit:
        return UID(ImplicitVRLittleEndian)
    return UID(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)
