"""Walks through the segments of a JPEG or JPEG-LS stream: its markers, and the entropy-coded data of its scans."""

from collections.abc import Iterator
from typing import Final

START_OF_SCAN: Final = 0xDA
_SOI, _EOI = 0xD8, 0xD9
_ENTROPY_MARKERS: Final = frozenset({0x00, *range(0xD0, 0xD8)})
"""Bytes that follow 0xFF within entropy-coded data: a stuffed byte, or a restart marker."""
_FIRST_OF_MARKER_IN_JPEG_LS: Final = 0x80
"""JPEG-LS stuffs a bit, not a byte: after 0xFF a marker's second byte has its highest bit set."""


def segments(stream: bytes, *, ls: bool) -> Iterator[tuple[int, int, int]]:
    """Yield marker, begin and end of each segment's content, and of a scan once more for its entropy-coded data.

    The latter come with the marker 0; the last one is the end of image (0xD9), without content.

    Parameters
    ----------
    stream : bytes
    ls : bool
        Whether it is JPEG-LS.

    Raises
    ------
    ValueError, IndexError
        It has no start, or ends before its end of image.
    """
    if stream[:2] != bytes((0xFF, _SOI)):
        raise ValueError("no start of image")
    position = 2
    while True:
        position = stream.index(b"\xff", position)
        marker = stream[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == _EOI:
            yield marker, position + 2, position + 2
            return
        size = int.from_bytes(stream[position + 2 : position + 4], "big")
        begin, position = position + 4, position + 2 + size
        if size < 2 or position > len(stream):
            raise ValueError("a segment is cut")
        yield marker, begin, position
        if marker == START_OF_SCAN:
            begin, position = position, _end_of_scan(stream, position, ls=ls)
            yield 0, begin, position


def end_of_image(stream: bytes, *, ls: bool) -> int:
    """Return where the image ends: behind its end marker. Raises ValueError, IndexError where there is none."""
    *_, (_, _, end) = segments(stream, ls=ls)
    return end


def _end_of_scan(stream: bytes, position: int, *, ls: bool) -> int:
    while True:
        position = stream.index(b"\xff", position)
        following = stream[position + 1]
        if following != 0xFF and (
            following >= _FIRST_OF_MARKER_IN_JPEG_LS and following not in range(0xD0, 0xD8)
            if ls
            else following not in _ENTROPY_MARKERS
        ):
            return position
        position += 1 if following == 0xFF else 2
