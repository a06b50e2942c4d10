"""Extracts the compressed frame of a DICOM file and checks its header against the data set.

Decoders obey the stream and not the data set around it: a stream that claims a larger image would make them fill
memory, so the two must agree before any decoder sees it.
"""

import re
from dataclasses import dataclass

from pydicom.uid import HTJ2K as HTJ2KLossy
from pydicom.uid import JPEG2000 as JPEG2000Lossy
from pydicom.uid import (
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.imaging.dicom.jpeg_segments import end_of_image
from neumo.imaging.dicom.layout import PixelLayout
from neumo.imaging.jpeg_header import read_jpeg_header

JPEG = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1})
JPEG_LS = frozenset({JPEGLSLossless, JPEGLSNearLossless})
JPEG_2000 = frozenset({JPEG2000Lossless, JPEG2000Lossy, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2KLossy})

_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_CODESTREAM, _TILE_PART = b"\xff\x4f\xff\x51", b"\xff\x90\x00\x0a"
_BEGINNINGS = (b"\xff\xd8\xff", _CODESTREAM, b"\0\0\0\x0cjP  ")
"""First bytes of JPEG and JPEG-LS, JPEG 2000 and JP2 streams; none of them occurs within a stream."""
_RLE_BEGINNING = re.compile(rb"[\x01-\x0f]\0\0\0\x40\0\0\0")
"""Number of segments, and where the first one begins: at once behind the header (PS3.5 section G.5)."""
_LONGEST_BEGINNING = 8
_TILE_PART_HEADER = 14
_CODING_STYLE, _START_OF_TILE, _MAX_DECOMPOSITIONS = 0x52, 0x90, 32
_JP2_HEADER_LIMIT = 4096
_MAX_TILES = 65_535
_END = b"\xff\xd9"
_PADDING = 64
"""Bytes at the end of a stream, in which its end marker is looked for before the stream is walked through."""


@dataclass(frozen=True)
class StreamHeader:
    """Size of a compressed image as its own header states it; `precision` in bits per sample.

    `largest_reduction` is by how much each side can be divided in decoding; 1 where the kind knows no such thing.
    """

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    largest_reduction: int = 1


def frame_of(value: memoryview, name: str) -> bytes:
    """Join the fragments of the one frame (PS3.5 section A.4), without the offset table.

    Raises
    ------
    UnreadableImageError
        There is no fragment, or the last one ends after the file does.
    UnsupportedImageError
        There are several frames.
    """
    fragments: list[memoryview] = []
    position = 0
    while value[position : position + 4] == _ITEM:
        length = int.from_bytes(value[position + 4 : position + 8], "little")
        position += 8
        if position + length > len(value):
            raise UnreadableImageError(
                "{name}: the pixel data end after {held:,} of {length:,} bytes; the file is truncated",
                name=name,
                held=len(value) - position,
                length=length,
            )
        fragments.append(value[position : position + length])
        position += length
    if len(fragments) < 2:
        raise UnreadableImageError(
            "{name}: the compressed pixel data hold no frame; the file is corrupt or truncated", name=name
        )
    frames = _frames_begun(fragments[1:])
    if frames > 1:
        raise UnsupportedImageError(
            "{name}: holds {frames} frames; a radiograph is one. Store the frame to be read in a file of its own",
            name=name,
            frames=frames,
        )
    return b"".join(fragments[1:])


def _frames_begun(fragments: list[memoryview]) -> int:
    """Count frames by the fragments that begin a codestream, since NumberOfFrames may be missing; 1 where none does."""
    head = bytes(fragments[0][:_LONGEST_BEGINNING])
    beginning = next((start for start in _BEGINNINGS if head.startswith(start)), None)
    if beginning is None and _RLE_BEGINNING.match(head):
        beginning = head
    if beginning is None:
        return 1
    return sum(fragment[: len(beginning)] == beginning for fragment in fragments)


def require_agreement(frame: bytes, syntax: UID, layout: PixelLayout, name: str) -> StreamHeader:
    """Check what a JPEG, JPEG-LS or JPEG 2000 stream claims against the data set around it.

    Raises
    ------
    UnreadableImageError
        They disagree, or the stream has no header.
    """
    try:
        header = _jpeg_2000_header(frame) if syntax in JPEG_2000 else _jpeg_header(frame)
    except (IndexError, ValueError) as error:
        raise UnreadableImageError(
            "{name}: the compressed pixel data have no readable header; the file is corrupt or truncated",
            name=name,
        ) from error
    if (header.rows, header.columns, header.samples) != (layout.rows, layout.columns, layout.samples):
        raise UnreadableImageError(
            "{name}: the compressed pixels are {columns} x {rows} x {samples}, but the data set "
            "says {layout_columns} x {layout_rows} x {layout_samples}; the file is corrupt or "
            "made to mislead",
            name=name,
            columns=header.columns,
            rows=header.rows,
            samples=header.samples,
            layout_columns=layout.columns,
            layout_rows=layout.rows,
            layout_samples=layout.samples,
        )
    if not 1 <= header.precision <= layout.bits_allocated:
        raise UnreadableImageError(
            "{name}: the compressed pixels have {precision} bits, but Bits Allocated is {bits_allocated}",
            name=name,
            precision=header.precision,
            bits_allocated=layout.bits_allocated,
        )
    return header


def until_end(frame: bytes, syntax: UID, name: str) -> bytes:
    """Return a JPEG or JPEG-LS stream without what stands behind its end marker, and others as they are.

    Raises
    ------
    UnreadableImageError
        It has no end marker.
    """
    if syntax in JPEG_2000 or _END in frame[-_PADDING:]:
        return frame
    try:
        return frame[: end_of_image(frame, ls=syntax in JPEG_LS)]
    except (ValueError, IndexError) as error:
        raise UnreadableImageError(
            "{name}: the compressed pixels have no end marker; the file is truncated", name=name
        ) from error


def _jpeg_header(frame: bytes) -> StreamHeader:
    header = read_jpeg_header(frame)
    largest = 8 if header.unusual is None else 1
    return StreamHeader(
        header.rows, header.columns, header.samples, header.precision, largest_reduction=largest
    )


def _jpeg_2000_header(frame: bytes) -> StreamHeader:
    start = frame.index(_CODESTREAM, 0, _JP2_HEADER_LIMIT) + 4
    if len(frame) < start + 40:
        raise ValueError("the SIZ segment is cut")

    def number(offset: int, size: int = 4) -> int:
        return int.from_bytes(frame[start + offset : start + offset + size], "big")

    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = (
        number(offset) for offset in range(4, 36, 4)
    )
    if not tile_width or not tile_height:
        raise ValueError("tiles without extent")
    across, down = -(-(right - tile_left) // tile_width), -(-(bottom - tile_top) // tile_height)
    if across * down > _MAX_TILES:
        raise ValueError("more tiles than allowed")
    samples = number(36, 2)
    if any(number(39 + 3 * sample, 2) != 0x0101 for sample in range(min(samples, 3))):
        raise ValueError("components of unequal size")
    return StreamHeader(
        rows=bottom - top,
        columns=right - left,
        samples=samples,
        precision=(number(38, 1) & 0x7F) + 1,
        signed=number(38, 1) > 0x7F,
        largest_reduction=2 ** _decompositions(frame, start),
    )


def _decompositions(frame: bytes, start: int) -> int:
    """Return how often the wavelet transform halved the image, by the COD segment (ITU-T T.800 section A.6.1)."""
    position = start + int.from_bytes(frame[start : start + 2], "big")
    while frame[position : position + 1] == b"\xff" and frame[position + 1] != _START_OF_TILE:
        if frame[position + 1] == _CODING_STYLE:
            return min(frame[position + 9], _MAX_DECOMPOSITIONS)
        position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    return 0


def bare_codestream(frame: bytes) -> bytes:
    """Return a JPEG 2000 codestream without the JP2 boxes around it, which DICOM forbids (PS3.5 section 8.2.4).

    Only the codestream's decoder ever sees a stranger's bytes then, not the parser of boxes; the data set says what
    the components mean. Where a tile has more parts than its headers say, as an old encoder wrote them, their number is
    set to "unknown" (ITU-T T.800 section A.4.2), without which no tile would be complete.
    """
    stream = bytearray(frame[frame.index(_CODESTREAM, 0, _JP2_HEADER_LIMIT) :])
    starts, position = list[int](), stream.find(_TILE_PART)
    while position >= 0 and stream[position : position + 4] == _TILE_PART:
        starts.append(position)
        length = int.from_bytes(stream[position + 6 : position + 10], "big")
        position = position + length if length >= _TILE_PART_HEADER else -1
    if any(0 < stream[start + 11] <= stream[start + 10] for start in starts if start + 11 < len(stream)):
        for start in starts:
            stream[start + 11] = 0
    return bytes(stream)
