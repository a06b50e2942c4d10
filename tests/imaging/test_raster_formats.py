"""TIFF, BMP, WebP and AVIF: pixels against those that were saved, and what is refused before it is decoded."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps, TiffImagePlugin

from neumo.core.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from neumo.imaging import open_radiograph
from neumo.imaging.raster import is_raster

RAMP = np.linspace(0, 255, 48 * 64).reshape(48, 64).astype(np.uint8)


def saved(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def tiff(
    values: np.ndarray, bits: int, photometric: int = 1, *, sample_format: int = 1, order: str = "<"
) -> bytes:
    """A TIFF of one strip written by hand."""
    entries = {
        256: (3, values.shape[1]), 257: (3, values.shape[0]), 258: (3, bits), 259: (3, 1), 262: (3, photometric),
        273: (4, 8), 277: (3, 1), 278: (3, values.shape[0]), 279: (4, values.nbytes), 339: (3, sample_format),
    }  # fmt: skip
    strip = values.tobytes()
    directory = struct.pack(f"{order}H", len(entries))
    for tag, (kind, value) in sorted(entries.items()):
        field = struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
        directory += struct.pack(f"{order}HHI", tag, kind, 1) + field
    begin = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(strip))
    return begin + strip + directory + struct.pack(f"{order}I", 0)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("TIFF", {"big_tiff": True}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_lossless_formats_come_back_bit_for_bit(kind: str, options: dict[str, Any], channels: int) -> None:
    content = saved(RAMP if channels == 1 else np.dstack([RAMP] * 3), kind, **options)
    radiograph = open_radiograph(content)
    np.testing.assert_array_equal(radiograph.pixels, RAMP)
    assert (radiograph.original_size, radiograph.bit_depth, radiograph.colour) == ((64, 48), 8, False)
    assert radiograph.steps[0]["format"] == kind


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {"quality": 95}), ("AVIF", {"quality": 95})])
def test_lossy_formats_come_back_alike(kind: str, options: dict[str, Any]) -> None:
    radiograph = open_radiograph(saved(RAMP, kind, **options))
    assert np.abs(radiograph.pixels.astype(int) - RAMP).max() <= 12 and not radiograph.colour


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_16_bits(order: str) -> None:
    values = (RAMP.astype(np.uint16) * 257).astype(f"{order}u2")
    radiograph = open_radiograph(tiff(values, 16, order=order))
    np.testing.assert_array_equal(radiograph.pixels, RAMP)
    assert radiograph.bit_depth == 16


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_in_which_0_is_white(bits: int) -> None:
    values = RAMP if bits == 8 else (RAMP.astype("<u2") * 257).astype("<u2")
    np.testing.assert_array_equal(open_radiograph(tiff(values, bits, photometric=0)).pixels, 255 - RAMP)


def test_a_tiff_of_packed_12_bits_fills_the_range() -> None:
    pairs = np.array([0x000, 0xFFF, 0x800, 0x123], dtype=int)
    first, second = pairs[0::2], pairs[1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=1).astype(np.uint8)
    content = bytearray(tiff(packed.reshape(1, 6), 12))
    at = content.index(struct.pack("<HHIHH", 256, 3, 1, 6, 0))
    content[at : at + 12] = struct.pack("<HHIHH", 256, 3, 1, 4, 0)
    radiograph = open_radiograph(bytes(content))
    assert radiograph.pixels.tolist() == [[0, 255, 128, 18]] and radiograph.bit_depth == 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "AVIF"])
def test_every_orientation(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(RAMP, kind, exif=exif, **({} if kind == "TIFF" else {"quality": 100}))
    radiograph = open_radiograph(content)
    image = Image.fromarray(RAMP)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    assert radiograph.pixels.shape == expected.shape
    assert np.abs(radiograph.pixels - expected).mean() < 2
    assert [s["exif"] for s in radiograph.steps if s["step"] == "orient"] == (
        [orientation] if orientation > 1 else []
    )


def several(kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(RAMP).save(
        stream, kind, save_all=True, append_images=[Image.fromarray(RAMP[::-1])], **options
    )
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (several("TIFF"), "several images"),
        (several("WEBP"), "several images"),
        (several("PNG"), "several images"),
        (several("AVIF"), "several images"),
        (tiff(RAMP.astype("<f4"), 32, sample_format=3), "floating-point"),
        (tiff(RAMP.astype("<i2"), 16, sample_format=2), "signed"),
        (tiff(RAMP.astype("<u4"), 32), "32 bits"),
        (b"GIF89a" + b"\0" * 300, "GIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 300, "JPEG 2000"),
        (b"\0\0\0\x1cftypheic" + b"\0" * 300, "HEIF"),
        (b"%PDF-1.7" * 40, "PDF"),
        (b"P5 64 64 255\n" + b"\0" * 4096, "PNM"),
        (b"II\xbc\1" + b"\0" * 300, "JPEG XR"),
        (b"\x5c\1" + b"\0" * 342 + b"n+1\0" + b"\0" * 40, "NIfTI"),
        (b"PK\3\4" + b"\0" * 300, r"archive \(ZIP\); unpack"),
        (b"Rar!\x1a\7\0" + b"\0" * 300, r"archive \(RAR\)"),
        (b"\x1f\x8b" + b"\0" * 300, r"archive \(gzip\)"),
    ],
)
def test_intact_but_not_read(content: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedImageError, match=reason):
        open_radiograph(content)


def test_a_tiff_with_a_smaller_copy_is_one_radiograph() -> None:
    stream = io.BytesIO()
    small = Image.fromarray(RAMP[::4, ::4])
    small.encoderinfo = {"tiffinfo": {254: 1}}
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1
    with TiffImagePlugin.AppendingTiffWriter(stream, True) as writer:
        Image.fromarray(RAMP).save(writer, "TIFF")
        writer.newFrame()
        small.save(writer, "TIFF", tiffinfo=tags)
    np.testing.assert_array_equal(open_radiograph(stream.getvalue()).pixels, RAMP)


def sized_bmp(width: int, height: int, compression: int = 0) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, compression, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 2000, 0, 0, 54 + 1024) + header + b"\0" * 1024 + b"\0\1" * 8


def sized_webp(width: int, height: int) -> bytes:
    canvas = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 100) + b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"\0" * 100


@pytest.mark.parametrize(
    "content",
    [
        sized_bmp(20_000, 20_000),
        sized_bmp(5_000, 5_000, compression=1),
        sized_webp(16_000, 16_000),
        tiff(RAMP, 8).replace(struct.pack("<HHIHH", 256, 3, 1, 64, 0), struct.pack("<HHIHH", 256, 3, 1, 60_000, 0))
        .replace(struct.pack("<HHIHH", 257, 3, 1, 48, 0), struct.pack("<HHIHH", 257, 3, 1, 60_000, 0)),
    ],
    ids=["BMP", "RLE", "WebP", "TIFF"],
)  # fmt: skip
def test_claims_of_too_many_pixels_are_refused_before_decoding(content: bytes) -> None:
    with pytest.raises(ImageTooLargeError, match="exceed the limit"):
        open_radiograph(content)


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "WEBP", "AVIF"])
@pytest.mark.parametrize("keep", [30, 0.5, 0.9])
def test_truncated_files_are_unreadable(kind: str, keep: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 80), dtype=np.uint8)
    content = saved(noise, kind)
    with pytest.raises(UnreadableImageError):
        open_radiograph(content[: int(keep if keep > 1 else keep * len(content))])


def test_a_dicom_file_with_a_tiff_header_in_its_preamble_is_dicom() -> None:
    assert is_raster(b"II*\0" + b"\0" * 300) and not is_raster(b"II*\0" + b"\0" * 124 + b"DICM" + b"\0" * 100)
    assert not is_raster(b"BM is how this text begins" * 10)
