import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.imaging import fit_square, open_radiograph


@pytest.fixture
def ramp() -> np.ndarray:
    return np.linspace(0, 255, 60 * 40).reshape(40, 60).astype(np.uint8)


def test_grey_png_comes_back_bit_for_bit(tmp_path: Path, ramp: np.ndarray) -> None:
    Image.fromarray(ramp).save(tmp_path / "a.png")
    radiograph = open_radiograph(tmp_path / "a.png")
    np.testing.assert_array_equal(radiograph.pixels, ramp)
    assert (radiograph.original_size, radiograph.bit_depth, radiograph.colour) == ((60, 40), 8, False)


def test_sixteen_bit_png_uses_its_full_range(tmp_path: Path, ramp: np.ndarray) -> None:
    Image.fromarray(ramp.astype(np.uint16) * 257).save(tmp_path / "a.png")
    radiograph = open_radiograph(tmp_path / "a.png")
    np.testing.assert_array_equal(radiograph.pixels, ramp)
    assert radiograph.bit_depth == 16


def test_grey_stored_in_colour_is_not_colour_but_colour_is(tmp_path: Path, ramp: np.ndarray) -> None:
    Image.fromarray(np.dstack([ramp] * 3)).save(tmp_path / "grey.jpg", quality=80)
    Image.fromarray(np.dstack([ramp, 255 - ramp, ramp])).save(tmp_path / "colour.jpg", quality=95)
    assert not open_radiograph(tmp_path / "grey.jpg").colour
    assert open_radiograph(tmp_path / "colour.jpg").colour


def test_exif_orientation_is_applied(tmp_path: Path, ramp: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(ramp).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(open_radiograph(tmp_path / "a.png").pixels, np.rot90(ramp, -1))


def test_transparency_is_laid_on_black(tmp_path: Path) -> None:
    pixels = np.full((20, 20, 2), 200, dtype=np.uint8)
    pixels[:, :10, 1] = 0
    pixels[:, 10:, 1] = 255
    Image.fromarray(pixels, mode=None).save(tmp_path / "a.png")
    grey = open_radiograph(tmp_path / "a.png").pixels
    assert grey[:, :10].max() == 0
    assert (grey[:, 10:] == 200).all()


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def test_a_claim_of_20000_by_20000_is_refused_before_decoding(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(
        _png_header(20_000, 20_000) + struct.pack(">I", 8192) + b"IDAT" + b"\0" * 100
    )
    with pytest.raises(ImageTooLargeError, match="20000 x 20000"):
        open_radiograph(tmp_path / "bomb.png")


@pytest.mark.parametrize("keep", [10, 200, 0.5, 0.9])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_truncated_files_are_unreadable(tmp_path: Path, keep: float, suffix: str) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / f"a{suffix}"
    Image.fromarray(rng.integers(0, 255, (80, 80), dtype=np.uint8)).save(file)
    content = file.read_bytes()
    file.write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    with pytest.raises(UnreadableImageError, match=file.name):
        open_radiograph(file)


def test_empty_text_and_missing_files_say_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(UnreadableImageError, match="empty"):
        open_radiograph(tmp_path / "empty.png")
    with pytest.raises(UnreadableImageError, match="is no PNG, JPEG"):
        open_radiograph(tmp_path / "text.png")
    with pytest.raises(UnreadableImageError, match="no such file"):
        open_radiograph(tmp_path / "missing.png")


def test_reduction_is_antialiased() -> None:
    stripes = np.zeros((512, 512), dtype=np.uint8)
    stripes[:, ::2] = 255
    small = fit_square(stripes, 64)
    assert small.shape == (64, 64)
    assert np.ptp(small[:, 2:-2]) <= 2, "stripes finer than a pixel must average out"


def test_grey_in_three_channels_is_the_luma_that_pillow_computes(tmp_path: Path) -> None:
    every_level = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    for pixels in (
        every_level,
        np.tile(every_level, (40, 40, 1)),
        np.clip(every_level + np.arange(3), 0, 255),
    ):
        picture = Image.fromarray(pixels.astype(np.uint8))
        picture.save(tmp_path / "grey.png")
        assert np.array_equal(open_radiograph(tmp_path / "grey.png").pixels, np.asarray(picture.convert("L")))
