"""Every kind of PNG and JPEG sample, bit depth, transparency and orientation, against values worked out here."""

import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from pydicom.uid import JPEGLSLossless
from tests.support.dicom_samples import compressed, dicom_file

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.imaging import open_radiograph

RAMP = np.arange(16).reshape(2, 8)


def png(rows: list[bytes], width: int, depth: int, colour: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand: Pillow writes neither 2-bit grey nor 16-bit colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), *(chunk(*c) for c in chunks), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def packed(values: np.ndarray, depth: int) -> list[bytes]:
    bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    return [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in bits]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_fills_the_range(depth: int) -> None:
    values = RAMP % 2**depth
    radiograph = open_radiograph(png(packed(values, depth), 8, depth, 0))
    np.testing.assert_array_equal(radiograph.pixels, values * (255 // (2**depth - 1)))
    assert radiograph.bit_depth == depth


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_transparent_grey_becomes_black(depth: int) -> None:
    """The value is stated in the file's own bits, whatever the decoder widens them to."""
    values = RAMP % 2**depth
    radiograph = open_radiograph(png(packed(values, depth), 8, depth, 0, (b"tRNS", b"\0\x01")))
    expected = np.where(values == 1, 0, values * (255 // (2**depth - 1)))
    np.testing.assert_array_equal(radiograph.pixels, expected)


def test_sixteen_bit_grey_and_its_transparent_value() -> None:
    values = np.array([[0, 257, 32896, 65535, 12345]], dtype=">u2")
    content = png([values.tobytes()], 5, 16, 0)
    assert open_radiograph(content).pixels.tolist() == [[0, 1, 128, 255, 48]]
    transparent = png([values.tobytes()], 5, 16, 0, (b"tRNS", (32896).to_bytes(2, "big")))
    assert open_radiograph(transparent).pixels.tolist() == [[0, 1, 0, 255, 48]]


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)], ids=["RGB", "LA", "RGBA"])
@pytest.mark.parametrize("depth", [8, 16])
def test_grey_in_colour_and_with_alpha(colour: int, channels: int, depth: int) -> None:
    grey = np.linspace(0, 2**depth - 1, 60).astype(np.uint16 if depth == 16 else np.uint8)
    alpha = np.where(np.arange(60) < 50, 2**depth - 1, 0).astype(grey.dtype)
    planes = [grey] * (3 if colour in {2, 6} else 1) + ([alpha] if colour in {4, 6} else [])
    rows = np.stack(planes, axis=1)
    assert rows.shape[1] == channels
    content = png([rows.astype(f">u{depth // 8}").tobytes()], 60, depth, colour)
    radiograph = open_radiograph(content)
    shown = np.where((alpha > 0) | (colour == 2), grey, 0)
    expected = shown if depth == 8 else np.round(shown / 257)
    assert np.abs(radiograph.pixels[0] - expected).max() <= (0 if depth == 8 else 1)
    assert (radiograph.bit_depth, radiograph.colour) == (depth, False)


def test_half_transparent_pixels_are_dimmed() -> None:
    rows = np.array([[200, 128], [200, 255]], dtype=np.uint8)
    assert open_radiograph(png([rows.tobytes()], 2, 8, 4)).pixels.tolist() == [[100, 200]]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palettes(depth: int) -> None:
    values = RAMP % 2**depth
    levels = np.linspace(250, 10, 2**depth).astype(np.uint8)
    chunk = (b"PLTE", np.repeat(levels, 3).tobytes())
    radiograph = open_radiograph(png(packed(values, depth), 8, depth, 3, chunk))
    np.testing.assert_array_equal(radiograph.pixels, levels[values])
    transparent = open_radiograph(png(packed(values, depth), 8, depth, 3, chunk, (b"tRNS", b"\xff\0")))
    np.testing.assert_array_equal(transparent.pixels, np.where(values == 1, 0, levels[values]))


def test_a_transparent_colour_becomes_black() -> None:
    rows = np.array([[10, 10, 10], [90, 90, 90]], dtype=np.uint8)
    content = png([rows.tobytes()], 2, 8, 2, (b"tRNS", b"\0\x5a" * 3))
    assert open_radiograph(content).pixels.tolist() == [[10, 0]]


SHAPED = np.array([[0, 40, 80], [120, 160, 255]], dtype=np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_orientation(orientation: int, kind: str) -> None:
    large = np.kron(SHAPED, np.ones((16, 16), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(large).save(buffer, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
    radiograph = open_radiograph(buffer.getvalue())
    expected = np.asarray(ImageOps.exif_transpose(Image.open(buffer))).astype(int)
    np.testing.assert_array_equal(radiograph.pixels, expected)
    assert radiograph.original_size == (48, 32)
    assert [s["exif"] for s in radiograph.steps if s["step"] == "orient"] == (
        [orientation] if orientation > 1 else []
    )


def test_orientation_6_turns_the_left_column_to_the_top() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(SHAPED).save(buffer, "PNG", exif=exif)
    assert open_radiograph(buffer.getvalue()).pixels.tolist() == [[120, 0], [160, 40], [255, 80]]


def test_broken_exif_beside_good_pixels_is_no_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(np.kron(SHAPED, np.ones((16, 16), dtype=np.uint8))).save(buffer, "JPEG", exif=exif)
    content = bytearray(buffer.getvalue())
    at = content.index(b"Exif\0\0") + 10
    content[at : at + 4] = b"\xff\xff\xff\x7f"
    assert open_radiograph(bytes(content)).pixels.shape == (32, 48)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}], ids=str
)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_kinds(mode: str, options: dict[str, object]) -> None:
    """CMYK in JPEG is stored inverted, after Adobe."""
    grey = np.add.outer(np.arange(64), np.arange(80)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([grey] * 3)).convert(mode).save(buffer, "JPEG", quality=95, **options)
    radiograph = open_radiograph(buffer.getvalue())
    assert np.abs(radiograph.pixels.astype(int) - grey).mean() < 2
    assert not radiograph.colour
    assert radiograph.steps[0]["mode"] == mode


def test_a_jpeg_of_ten_thousand_scans_is_refused_undecoded() -> None:
    """Each scan of a few bytes passes over all pixels: a small file could keep a reader busy for hours."""
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((2000, 2000), dtype=np.uint8)).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    last = content.rindex(b"\xff\xda")
    with pytest.raises(UnreadableImageError, match="scans"):
        open_radiograph(content[:-2] + content[last:-2] * 10_000 + b"\xff\xd9")


def test_a_jpeg_of_few_bytes_that_claims_many_pixels_is_not_decoded() -> None:
    """Found by mutation: the decoder fills in what is missing, 340 MB of it from 800 bytes."""
    buffer = io.BytesIO()
    Image.fromarray(RAMP.astype(np.uint8)).save(buffer, "JPEG")
    content = buffer.getvalue()
    frame = content.index(b"\xff\xc0")
    claim = content[: frame + 5] + struct.pack(">HH", 9000, 9000) + content[frame + 9 :]
    with pytest.raises(UnreadableImageError, match="bytes cannot hold 9000 x 9000 pixels"):
        open_radiograph(claim)


def test_a_zip_bomb_in_a_text_chunk_is_refused() -> None:
    body = b"Comment\0\0" + zlib.compress(b"x" * 50_000_000)
    with pytest.raises(UnreadableImageError, match="cannot be decoded"):
        open_radiograph(png([b"\0"], 1, 8, 0, (b"zTXt", body)))


def test_a_burnt_in_coloured_mark_is_not_colour_but_a_tinted_image_is() -> None:
    rng = np.random.default_rng(1)
    rgb = np.dstack([rng.integers(40, 200, (1200, 900), dtype=np.uint8)] * 3)
    marked, tinted = rgb.copy(), rgb.copy()
    marked[:60, :80] = (255, 0, 0)
    tinted[..., 0] += 40
    for image, colour in ((rgb, False), (marked, False), (tinted, True)):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "PNG", compress_level=1)
        assert open_radiograph(buffer.getvalue()).colour is colour


@pytest.mark.parametrize(
    ("marker", "bits", "kind"),
    [(0xC1, 12, "JPEG of 12 bits"), (0xF7, 8, "JPEG-LS"), (0xF7, 12, "JPEG-LS"), (0xC3, 16, "lossless JPEG")],
)
def test_intact_jpegs_of_rare_kinds_are_not_called_corrupt(marker: int, bits: int, kind: str) -> None:
    """The frame header decides; Pillow knows 8 bits alone, and no JPEG-LS."""
    header = bytes((0xFF, marker, 0, 11, bits, 0, 64, 0, 64, 1, 1, 0x11, 0))
    stream = b"\xff\xd8" + header + b"\xff\xda\0\x08\1\1\0\0\0\0" + bytes(range(200)) + b"\xff\xd9"
    with pytest.raises(UnsupportedImageError, match=f"is a {kind} image"):
        open_radiograph(stream)


def test_a_real_jpeg_ls_stream_is_named(tmp_path: Path) -> None:
    content = compressed(np.arange(4096, dtype=np.uint16).reshape(64, 64), JPEGLSLossless)
    file = tmp_path / "film.jpg"
    file.write_bytes(content[content.index(b"\xff\xd8\xff") : content.rindex(b"\xff\xd9") + 2])
    with pytest.raises(UnsupportedImageError, match="JPEG-LS"):
        open_radiograph(file)


_CAPPED = """
import resource, sys
from neumo.inference.opening import open_source
open_source(sys.argv[2])
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(open_source(sys.argv[3]).failure.code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits and counts addresses as Linux does")
@pytest.mark.parametrize("kind", ["film.png", "film.jpeg", "film.dcm"])
@pytest.mark.parametrize("mebibytes", [1, 20, 40])
def test_too_little_memory_is_not_called_a_corrupt_file(kind: str, mebibytes: int, tmp_path: Path) -> None:
    pixels = np.tile(np.arange(5000, dtype=np.uint16) % 251, (5000, 1))
    for name, content in (("small", pixels[:64, :64]), ("large", pixels)):
        if kind == "film.dcm":
            (tmp_path / f"{name}-{kind}").write_bytes(dicom_file(content))
        else:
            Image.fromarray(content.astype(np.uint8)).save(tmp_path / f"{name}-{kind}")
    files = (str(tmp_path / f"{name}-{kind}") for name in ("small", "large"))
    ran = subprocess.run(
        [sys.executable, "-c", _CAPPED, str(mebibytes), *files], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["out_of_memory"]


def test_floods_of_pieces_are_refused_before_anything_is_decoded() -> None:
    """Millions of empty chunks or segments cost minutes of a decoder's time."""
    begin = png(packed(RAMP % 2, 1), 8, 1, 0)
    empty = struct.pack(">I", 0) + b"tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))
    flood = begin[:33] + empty * 2_000_000 + begin[33:]
    segments = b"\xff\xd8" + b"\xff\xee\0\x02" * 5_000_000 + b"\xff\xd9"
    fill = b"\xff\xd8" + b"\xff" * 20_000_000
    for content, reason in ((flood, "chunks"), (segments, "segments"), (fill, "segments")):
        before = time.process_time()
        with pytest.raises(UnreadableImageError, match=f"more than .* {reason}"):
            open_radiograph(content)
        assert time.process_time() - before < 5


def test_a_png_of_many_small_chunks_is_read() -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (500, 500), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    np.testing.assert_array_equal(open_radiograph(buffer.getvalue()).pixels, noise)
