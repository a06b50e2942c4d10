"""Decoding smaller: how much, of which files, and what keeps every pixel."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless
from tests.support.dicom_samples import compressed, dicom_file, encapsulated, jpeg_baseline

from neumo.imaging.open import ImageFile
from neumo.imaging.reduction import enough_pixels, reduction

HEIGHT, WIDTH = 331, 405
"""No multiples of 4, so that a smaller image ends within a pixel."""
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
FILM: NDArray[np.uint8] = (128 + 60 * np.sin(ROWS / 40) + 60 * np.cos(COLUMNS / 30)).astype(np.uint8)
DEEP: NDArray[np.uint16] = FILM.astype(np.uint16) * 16


def saved(kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(FILM).save(buffer, kind, **options)
    return buffer.getvalue()


def tiled(*size: int) -> bytes:
    stream = saved("JPEG2000", no_jp2=True, irreversible=False, tile_size=size)
    return encapsulated(stream, FILM, JPEG2000Lossless)


@pytest.mark.parametrize(
    ("width", "height", "enough", "largest", "expected"),
    [
        (1600, 1200, 384, 8, 2),
        (1600, 768, 384, 8, 2),
        (1600, 767, 384, 8, 1),
        (3100, 3100, 384, 8, 8),
        (3100, 3100, 384, 4, 4),
        (9000, 9000, 384, 8, 8),
        (9000, 9000, None, 8, 1),
    ],
)
def test_both_sides_keep_enough_pixels(
    width: int, height: int, enough: int | None, largest: int, expected: int
) -> None:
    assert reduction(width, height, enough, largest=largest) == expected


def test_a_part_of_the_field_needs_more_pixels_of_the_side() -> None:
    assert (enough_pixels(192, 1.0), enough_pixels(192, 0.9)) == (384, 427)


@pytest.mark.parametrize(
    "content",
    [
        saved("JPEG", quality=95),
        jpeg_baseline(FILM),
        compressed(FILM, JPEG2000Lossless),
        compressed(DEEP, JPEG2000Lossless, bits=12),
        tiled(160, 120),
    ],
    ids=["JPEG", "JPEG in DICOM", "JPEG 2000", "JPEG 2000 of 12 bits", "JPEG 2000 in tiles"],
)
@pytest.mark.parametrize("factor", [2, 4])
def test_a_smaller_film_shows_the_same(content: bytes, factor: int) -> None:
    file = ImageFile(content)
    full, smaller = file.radiograph(), file.radiograph(min(HEIGHT, WIDTH) // factor)
    assert (full.reduction, smaller.reduction) == (1, factor)
    assert "reduction" not in full.steps[0] and smaller.steps[0]["reduction"] == factor
    assert smaller.pixels.shape == (-(-HEIGHT // factor), -(-WIDTH // factor))
    assert smaller.original_size == full.original_size == (WIDTH, HEIGHT)
    assert (smaller.bit_depth, smaller.sha256) == (full.bit_depth, full.sha256)
    assert (smaller.deep is None) is (full.deep is None)
    blocks = full.pixels[: HEIGHT // 4 * 4, : WIDTH // 4 * 4].astype(float)
    means = blocks.reshape(HEIGHT // 4 * 4 // factor, factor, -1, factor).mean(axis=(1, 3))
    seen = smaller.pixels[: means.shape[0], : means.shape[1]]
    assert np.abs(seen - means).mean() < 3


def test_a_turned_photograph_of_a_film_is_turned_when_smaller(tmp_path: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    radiograph = ImageFile(saved("JPEG", exif=exif)).radiograph(160)
    assert radiograph.pixels.shape == (203, 166) and radiograph.reduction == 2
    assert radiograph.steps[-1] == {"step": "orient", "exif": 6}


@pytest.mark.parametrize(
    "content",
    [
        saved("PNG"),
        dicom_file(FILM),
        compressed(FILM, JPEGLSLossless),
        compressed(np.dstack([FILM] * 3), JPEG2000Lossless),
        compressed(DEEP, JPEG2000Lossless, bits=12, PixelPaddingValue=0),
        tiled(164, 110),
        compressed(FILM.astype(np.uint16) | 0x4000, JPEG2000Lossless, BitsStored=12, HighBit=11),
    ],
    ids=[
        "PNG",
        "uncompressed",
        "JPEG-LS",
        "colour",
        "declared padding",
        "a tile too small",
        "bits that do not count",
    ],
)
def test_other_files_keep_every_pixel(content: bytes) -> None:
    file = ImageFile(content)
    np.testing.assert_array_equal(file.radiograph(40).pixels, file.radiograph().pixels)
    assert file.radiograph(40).reduction == 1


def test_padding_that_no_header_declares_is_found_at_full_size() -> None:
    """Decoded smaller, its edge would be grey levels between padding and film, and part of neither."""
    padded = DEEP + np.uint16(6000)
    padded[:, :37] = padded[:29] = 0
    file = ImageFile(compressed(padded, JPEG2000Lossless))
    radiograph = file.radiograph(80)
    assert radiograph.reduction == 1 and radiograph.steps == file.radiograph().steps
    assert any(step["step"] == "padding" for step in radiograph.steps)


def test_a_black_edge_that_is_part_of_the_film_is_no_padding() -> None:
    collimated = DEEP.copy()
    collimated[:, :37] = DEEP.min()
    file = ImageFile(compressed(collimated, JPEG2000Lossless, bits=12))
    assert all(step["step"] != "padding" for step in file.radiograph().steps)
    assert file.radiograph(80).reduction == 4
