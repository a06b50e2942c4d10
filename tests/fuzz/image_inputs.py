"""Images: small valid files of every format, and seeded mutations of them."""

import io
import random
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from tests.fuzz.mutations import flip, repeat, splice, truncate
from tests.support.dicom_samples import (
    by_gdcm,
    compressed,
    dataset_of,
    dicom_file,
    encapsulated,
    lut,
    written,
)
from tests.support.tiff_samples import DEFLATE, tiff_of_bands

_TAGS = [
    (0x0028, 0x0002), (0x0028, 0x0004), (0x0028, 0x0006), (0x0028, 0x0008), (0x0028, 0x0010), (0x0028, 0x0011),
    (0x0028, 0x0100), (0x0028, 0x0101), (0x0028, 0x0102), (0x0028, 0x0103), (0x0028, 0x0120), (0x0028, 0x1050),
    (0x0028, 0x1051), (0x0028, 0x1052), (0x0028, 0x1053), (0x0028, 0x3000), (0x0028, 0x3002), (0x0028, 0x3006),
    (0x0028, 0x3010), (0x0028, 0x1101), (0x0028, 0x1201), (0x0002, 0x0010), (0x0008, 0x0005), (0x0010, 0x1010),
    (0x7FE0, 0x0010),
]  # fmt: skip
_NUMBERS = [0, 1, 2, 3, 7, 8, 12, 16, 17, 32, 255, 256, 0x7FFF, 0x8000, 0xFFFF]


def valid_files() -> dict[str, bytes]:
    """One small file of each kind that is read."""
    rng = np.random.default_rng(0)
    grey = (np.add.outer(np.arange(40), np.arange(66)) + rng.integers(0, 5, (40, 66))).astype(np.uint8)
    wide = grey.astype(np.uint16) * 13
    rgb = np.dstack([grey, grey // 2, 255 - grey])
    return _rasters(grey, wide, rgb) | _dicoms(grey, wide, rgb)


def _rasters(grey: np.ndarray, wide: np.ndarray, rgb: np.ndarray) -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = Image.fromarray(rgb).quantize(16)
    alpha = Image.fromarray(np.dstack([rgb, grey]))
    return {
        "png-1": _saved(Image.fromarray(grey).convert("1"), "PNG"),
        "png-4-palette": _saved(palette, "PNG", bits=4, transparency=3),
        "png-8": _saved(Image.fromarray(grey), "PNG", exif=exif),
        "png-16": _saved(Image.fromarray(wide), "PNG"),
        "png-rgb": _saved(Image.fromarray(rgb), "PNG"),
        "png-rgba": _saved(alpha, "PNG"),
        "png-la": _saved(alpha.convert("LA"), "PNG"),
        "jpeg-grey": _saved(Image.fromarray(grey), "JPEG", exif=exif),
        "jpeg-rgb": _saved(Image.fromarray(rgb), "JPEG"),
        "jpeg-progressive": _saved(Image.fromarray(rgb), "JPEG", progressive=True),
        "jpeg-cmyk": _saved(Image.fromarray(rgb).convert("CMYK"), "JPEG"),
        "tiff": _saved(Image.fromarray(grey), "TIFF", compression="tiff_lzw"),
        "tiff-16": _saved(Image.fromarray(wide), "TIFF"),
        "tiff-16-colour": tiff_of_bands(np.dstack([wide] * 3), ">"),
        "tiff-16-colour-deflate": tiff_of_bands(np.dstack([wide] * 4), compression=DEFLATE, extra=1),
        "bmp": _saved(palette, "BMP"),
        "webp": _saved(Image.fromarray(rgb), "WEBP", lossless=True),
        "webp-lossy": _saved(Image.fromarray(rgb), "WEBP"),
        "avif": _saved(Image.fromarray(rgb), "AVIF", speed=10),
    }


def _dicoms(grey: np.ndarray, wide: np.ndarray, rgb: np.ndarray) -> dict[str, bytes]:
    window: dict[str, Any] = {
        "WindowCenter": 700,
        "WindowWidth": 900,
        "RescaleSlope": 1,
        "RescaleIntercept": -10,
    }
    tables: dict[str, Any] = {
        "ModalityLUTSequence": [lut(0, 12, list(range(4096)))],
        "VOILUTSequence": [lut(0, 8, [9] * 4096)],
    }
    palette = dataset_of(grey, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        palette.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        palette.add_new(
            f"{colour}PaletteColorLookupTableData", "OW", (np.arange(256) * 256).astype("<u2").tobytes()
        )
    palette.add_new("PixelData", "OB", grey.tobytes())
    files = {
        "dicom-window": dicom_file(wide, bits=12, **window),
        "dicom-tables": dicom_file(wide, bits=12, **tables),
        "dicom-signed-padding": dicom_file(wide.astype(np.int16), PixelPaddingValue=-5, PatientAge="004Y"),
        "dicom-implicit": dicom_file(wide, ImplicitVRLittleEndian, bits=12, **window, **tables),
        "dicom-big-endian": dicom_file(wide, ExplicitVRBigEndian, bits=12, **window, **tables),
        "dicom-deflated": dicom_file(wide, DeflatedExplicitVRLittleEndian, bits=12, **window),
        "dicom-rgb": dicom_file(rgb),
        "dicom-palette": written(palette),
        "dicom-jpeg": encapsulated(_saved(Image.fromarray(grey), "JPEG"), grey, JPEGBaseline8Bit),
        "dicom-jpeg-rgb": encapsulated(
            _saved(Image.fromarray(rgb), "JPEG"),
            rgb,
            JPEGBaseline8Bit,
            PhotometricInterpretation="YBR_FULL_422",
        ),
        "dicom-12-bit": Path(str(get_testdata_file("JPGExtended.dcm", download=False))).read_bytes(),
    }
    for syntax, name in ((RLELossless, "rle"), (JPEGLSLossless, "jpeg-ls"), (JPEG2000Lossless, "jpeg-2000")):
        files[f"dicom-{name}"] = compressed(wide, syntax, bits=12, **window)
        files[f"dicom-{name}-rgb"] = compressed(rgb, syntax)
    with tempfile.TemporaryDirectory() as folder:
        for stored, bits in ((grey, 8), (wide, 12)):
            content = dicom_file(stored, bits=bits)
            target = gdcm.TransferSyntax.JPEGLosslessProcess14_1
            # GDCM makes up identifiers, which would make each run's inputs its own.
            (frame,) = generate_frames(
                dcmread(io.BytesIO(by_gdcm(content, target, Path(folder)))).PixelData, number_of_frames=1
            )
            files[f"dicom-jpeg-lossless-{bits}"] = encapsulated(frame, stored, JPEGLosslessSV1, bits=bits)
    return files


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def mutated(index: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """The input of that number: always the same for the same index and files."""
    rng = random.Random(index)
    name = rng.choice(sorted(files))
    content = bytearray(files[name])
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        mutation = rng.choice((flip, _flip_near, truncate, None, repeat, _edit_header, _edit_header))
        content = splice(content, rng, list(files.values())) if mutation is None else mutation(content, rng)
    if name.startswith("png") and rng.random() < 0.7:
        content = _with_valid_checksums(content)
    return name, bytes(content)


def _flip_near(content: bytearray, rng: random.Random) -> bytearray:
    """Bytes just behind a place where a header lies: the start, the pixel data, a compressed stream."""
    marks = [
        0,
        128,
        content.find(b"\xe0\x7f\x10\x00"),
        content.find(b"\xff\xd8"),
        content.find(b"\xff\x4f\xff\x51"),
    ]
    start = rng.choice([mark for mark in marks if mark >= 0])
    for _ in range(rng.choice((1, 2, 5))):
        if content:
            content[min(start + rng.randrange(120), len(content) - 1)] = rng.choice(
                (0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256))
            )
    return content


def _edit_header(content: bytearray, rng: random.Random) -> bytearray:
    if content[:4] == b"\x89PNG" and len(content) > 33:
        field, size = rng.choice(((16, 4), (20, 4), (24, 1), (25, 1), (28, 1)))
        content[field : field + size] = _number(rng).to_bytes(8, "big")[-size:]
        return _with_valid_checksums(content)
    if content[:2] == b"\xff\xd8":
        frame = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
        if 0 <= frame < len(content) - 20:
            content[frame + 5 : frame + 9] = struct.pack(">HH", _number(rng) & 0xFFFF, _number(rng) & 0xFFFF)
        return content
    group, element = rng.choice(_TAGS)
    order = rng.choice("<<<>")
    found = content.find(struct.pack(f"{order}HH", group, element))
    if found >= 0 and found + 12 < len(content):
        at = found + rng.choice((4, 6, 8, 8, 8, 12))
        content[at : at + 2] = struct.pack(f"{order}H", _number(rng) & 0xFFFF)
    return content


def _number(rng: random.Random) -> int:
    return rng.choice((*_NUMBERS, rng.randrange(2**16), rng.randrange(2**32)))


def _with_valid_checksums(content: bytearray) -> bytearray:
    """A wrong checksum would be all that the decoder ever sees."""
    at = 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(content):
            break
        content[end : end + 4] = zlib.crc32(content[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return content
