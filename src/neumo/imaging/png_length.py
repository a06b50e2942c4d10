"""Checks that a PNG's compressed stream holds all rows; decoders fill missing ones with black, without an error."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by colour type (PNG specification, 11.2.2)."""
_PASSES: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""First column and row, and their steps, of Adam7's passes (PNG specification, 8.2)."""
_STEP: Final = 1 << 16


def holds_all_rows(content: bytes) -> bool:
    """Whether the IDAT chunks inflate to as many bytes as IHDR asks for.

    Parameters
    ----------
    content : bytes
        A PNG whose chunks a decoder has accepted.

    Raises
    ------
    ValueError, IndexError, KeyError, zlib.error
        It is no such PNG.
    """
    needed = _raw_bytes(content)
    inflate = zlib.decompressobj()
    for data in _image_data(content):
        rest = data
        while rest and needed > 0 and not inflate.eof:
            needed -= len(inflate.decompress(rest, min(_STEP, needed)))
            rest = inflate.unconsumed_tail
    return needed <= 0


def _raw_bytes(content: bytes) -> int:
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    depth, colour, interlaced = content[24], content[25], content[28]
    bits = depth * _SAMPLES[colour]
    if not interlaced:
        return height * (1 + -(-width * bits // 8))
    sizes = ((-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in _PASSES)
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0)


def _image_data(content: bytes) -> Iterator[bytes]:
    stream = BytesIO(content)
    stream.seek(8)
    while len(header := stream.read(8)) == 8:
        size = int.from_bytes(header[:4])
        if header[4:] == b"IDAT":
            yield stream.read(size)
            stream.seek(4, 1)
        else:
            stream.seek(size + 4, 1)
