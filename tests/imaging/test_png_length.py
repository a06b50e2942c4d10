import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from neumo.core.errors import UnreadableImageError
from neumo.imaging import open_radiograph
from neumo.imaging.png_length import holds_all_rows

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
BLACK_BELOW = np.pad(np.random.default_rng(0).integers(1, 255, (40, 61), dtype=np.uint8), ((0, 21), (0, 0)))


def png(
    raw: bytes, width: int, height: int, *, interlaced: bool = False, palette: bytes = b"", chunk: int = 700
) -> bytes:
    """8-bit PNG of raw, filtered rows, grey or by palette; its stream is closed properly however short it is."""

    def chunked(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    stream = zlib.compress(raw)
    parts = [stream[at : at + chunk] for at in range(0, len(stream), chunk)]
    header = chunked(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3 if palette else 0, 0, 0, interlaced)
    )
    header += chunked(b"PLTE", palette) if palette else b""
    data = b"".join(chunked(b"IDAT", part) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + header + data + chunked(b"IEND", b"")


def rows(pixels: NDArray[np.uint8]) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in pixels)


def interlaced_rows(pixels: NDArray[np.uint8]) -> bytes:
    return b"".join(rows(pixels[y::dy, x::dx]) for x, y, dx, dy in ADAM7)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_stream_that_ends_before_the_last_row_is_no_image(kept: float, interlaced: bool) -> None:
    pixels = np.full((61, 61), 200, dtype=np.uint8)
    raw = interlaced_rows(pixels) if interlaced else rows(pixels)
    short = png(raw[: int(kept * len(raw))], 61, 61, interlaced=interlaced)
    with pytest.raises(UnreadableImageError, match="truncated"):
        open_radiograph(short)


def test_missing_rows_of_a_palette_need_not_be_black() -> None:
    palette = bytes((200, 200, 200, 90, 90, 90))
    raw = rows(np.ones((61, 61), dtype=np.uint8))
    assert open_radiograph(png(raw, 61, 61, palette=palette)).pixels.max() == 90
    with pytest.raises(UnreadableImageError, match="truncated"):
        open_radiograph(png(raw[: len(raw) // 2], 61, 61, palette=palette))


@pytest.mark.parametrize("interlaced", [False, True])
def test_black_rows_at_the_bottom_are_an_image(interlaced: bool) -> None:
    raw = interlaced_rows(BLACK_BELOW) if interlaced else rows(BLACK_BELOW)
    whole = png(raw, 61, 61, interlaced=interlaced)
    np.testing.assert_array_equal(open_radiograph(whole).pixels, BLACK_BELOW)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_kind_of_pixel_is_counted_right(mode: str) -> None:
    image = Image.fromarray(BLACK_BELOW)
    image = Image.fromarray(BLACK_BELOW.astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    stream = BytesIO()
    image.save(stream, "PNG")
    content = stream.getvalue()
    assert holds_all_rows(content)
    assert open_radiograph(content).pixels.shape == (61, 61)


def test_more_than_is_needed_is_not_inflated() -> None:
    bomb = png(rows(BLACK_BELOW) + bytes(2**26), 61, 61)
    tracemalloc.start()
    try:
        assert holds_all_rows(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
