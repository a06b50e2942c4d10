"""Reads the frame header of a JPEG or JPEG-LS stream: its size, and of which kind it is."""

from dataclasses import dataclass
from typing import Final

_FRAME_MARKERS: Final = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Start of frame of JPEG (ITU-T T.81 table B.1) and of JPEG-LS (T.87)."""
_BARE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN: Final = 0xDA
_COMMON: Final = frozenset({0xC0, 0xC1, 0xC2})
_KINDS: Final = {0xF7: "JPEG-LS", **dict.fromkeys((0xC3, 0xC7, 0xCB, 0xCF), "lossless JPEG")}


@dataclass(frozen=True)
class JpegHeader:
    """A JPEG frame header; `precision` in bits per sample, `marker` the second byte of the start of frame."""

    rows: int
    columns: int
    samples: int
    precision: int
    marker: int

    @property
    def unusual(self) -> str | None:
        """Kind of JPEG where it is not the baseline or progressive 8-bit one that every decoder reads; else None."""
        if self.marker in _KINDS:
            return _KINDS[self.marker]
        if self.precision != 8:
            return f"JPEG of {self.precision} bits"
        return None if self.marker in _COMMON else "JPEG with arithmetic or hierarchical coding"


def read_jpeg_header(stream: bytes) -> JpegHeader:
    """Read the first frame header.

    Raises
    ------
    ValueError, IndexError
        There is none before the first scan, or the stream ends before it.
    """
    if stream[:2] != b"\xff\xd8":
        raise ValueError("no start of image")
    position = 2
    while True:
        if stream[position] != 0xFF:
            raise ValueError("no marker where one belongs")
        marker = stream[position + 1]
        if marker == 0xFF or marker in _BARE_MARKERS:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _START_OF_SCAN:
            raise ValueError("a scan before the frame header")
        if marker in _FRAME_MARKERS:
            return JpegHeader(
                precision=stream[position + 4],
                rows=int.from_bytes(stream[position + 5 : position + 7], "big"),
                columns=int.from_bytes(stream[position + 7 : position + 9], "big"),
                samples=stream[position + 9],
                marker=marker,
            )
        position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
