"""Every transfer syntax and kind of sample that is read, and files of pydicom's own collection."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from tests.support.dicom_samples import (
    by_gdcm,
    compressed,
    dataset_of,
    dicom_file,
    encapsulated,
    jpeg_baseline,
    written,
)

from neumo.core.errors import UnsupportedImageError
from neumo.imaging import open_radiograph


@pytest.fixture(
    params=[(np.uint8, 8), (np.uint16, 10), (np.uint16, 12), (np.uint16, 16), (np.int16, 16)], ids=str
)
def samples(request: pytest.FixtureRequest) -> tuple[np.ndarray, int]:
    dtype, bits = request.param
    rng = np.random.default_rng(4)
    smooth = np.add.outer(np.arange(40), np.arange(66)) * 2 ** (bits - 8) + rng.integers(0, 9, (40, 66))
    low = -(2 ** (bits - 1)) if np.issubdtype(dtype, np.signedinteger) else 0
    return (smooth + low).astype(dtype), bits


def expected_of(stored: np.ndarray) -> np.ndarray:
    values = stored.astype(np.float64)
    shares = (values - values.min()) / (values.max() - values.min())
    return np.asarray(np.floor(shares * 255 + 0.5), dtype=np.uint8)


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_uncompressed_and_deflated(samples: tuple[np.ndarray, int], syntax: UID) -> None:
    stored, bits = samples
    radiograph = open_radiograph(dicom_file(stored, syntax, bits=bits))
    np.testing.assert_array_equal(radiograph.pixels, expected_of(stored))
    assert radiograph.steps[0]["transfer_syntax"] == syntax


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_compression_loses_nothing(samples: tuple[np.ndarray, int], syntax: UID) -> None:
    stored, bits = samples
    radiograph = open_radiograph(compressed(stored, syntax, bits=bits))
    np.testing.assert_array_equal(radiograph.pixels, expected_of(stored))


@pytest.mark.parametrize(
    "target", [gdcm.TransferSyntax.JPEGLosslessProcess14, gdcm.TransferSyntax.JPEGLosslessProcess14_1]
)
def test_jpeg_lossless(samples: tuple[np.ndarray, int], target: int, tmp_path: Path) -> None:
    stored, bits = samples
    radiograph = open_radiograph(by_gdcm(dicom_file(stored, bits=bits), target, tmp_path))
    np.testing.assert_array_equal(radiograph.pixels, expected_of(stored))
    assert radiograph.steps[0]["decoder"] == "gdcm"


def test_jpeg_ls_near_lossless_stays_near() -> None:
    stored = np.add.outer(np.arange(31), np.arange(45)).astype(np.uint8) * 3
    dataset = dataset_of(stored)
    dataset.add_new("PixelData", "OB", stored.tobytes() + b"\0")
    written(dataset)
    dataset.compress(JPEGLSNearLossless, jls_error=2, generate_instance_uid=False)
    pixels = open_radiograph(written(dataset, JPEGLSNearLossless)).pixels
    assert np.abs(pixels.astype(int) - expected_of(stored)).max() <= 6


def test_jpeg_baseline_is_decoded_as_pillow_decodes_it() -> None:
    grey = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=95)
    alone = np.asarray(Image.open(buffer))
    pixels = open_radiograph(jpeg_baseline(grey, WindowCenter=128, WindowWidth=256)).pixels
    assert np.abs(pixels.astype(int) - alone).max() <= 1


def test_twelve_bit_jpeg_is_the_same_image_as_its_lossless_twin() -> None:
    """Both files of pydicom's collection hold one scintigram, lossy at 12 bits and lossless at 16."""
    lossy = open_radiograph(Path(str(get_testdata_file("JPGExtended.dcm", download=False)))).pixels
    lossless = open_radiograph(Path(str(get_testdata_file("JPEG-LL.dcm", download=False)))).pixels
    assert np.corrcoef(lossy.ravel(), lossless.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("bare", [False, True], ids=["preamble", "bare data set"])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_files_without_preamble_and_meta_header_are_recognised(syntax: UID, bare: bool) -> None:
    stored = np.arange(600, dtype=np.uint16).reshape(20, 30)
    content = dicom_file(stored, syntax)
    if bare:
        dataset = dataset_of(stored)
        dataset.add_new(
            "PixelData", "OW", stored.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
        )
        buffer = io.BytesIO()
        dataset.save_as(
            buffer, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != ExplicitVRBigEndian
        )
        content = buffer.getvalue()
        assert content[128:132] != b"DICM"
    np.testing.assert_array_equal(open_radiograph(content).pixels, expected_of(stored))


RAMP = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8) * 2


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEG2000Lossless, JPEGLSLossless]
)
@pytest.mark.parametrize("planar", [0, 1])
def test_grey_stored_as_rgb(syntax: UID, planar: int) -> None:
    rgb = np.dstack([RAMP] * 3)
    if syntax in {ExplicitVRLittleEndian, ExplicitVRBigEndian}:
        stored = np.ascontiguousarray(rgb.transpose(2, 0, 1)) if planar else rgb
        dataset = dataset_of(rgb, PlanarConfiguration=planar)
        dataset.add_new("PixelData", "OB", stored.tobytes())
        content = written(dataset, syntax)
    else:
        content = compressed(rgb, syntax)
    radiograph = open_radiograph(content)
    np.testing.assert_array_equal(radiograph.pixels, RAMP)
    assert not radiograph.colour


def test_real_colour_is_flagged() -> None:
    rgb = np.dstack([RAMP, 255 - RAMP, RAMP])
    radiograph = open_radiograph(dicom_file(rgb))
    assert radiograph.colour
    np.testing.assert_array_equal(radiograph.pixels, np.asarray(Image.fromarray(rgb).convert("L")))


def test_sixteen_bit_rgb_is_scaled() -> None:
    rgb = np.dstack([RAMP.astype(np.uint16) * 257] * 3)
    np.testing.assert_array_equal(open_radiograph(dicom_file(rgb)).pixels, RAMP)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_ybr_full_is_converted(syntax: UID) -> None:
    rgb = np.dstack([RAMP, RAMP // 2, RAMP // 3])
    ybr = convert_color_space(rgb, "RGB", "YBR_FULL")
    content = (
        dicom_file(ybr, PhotometricInterpretation="YBR_FULL")
        if syntax == ExplicitVRLittleEndian
        else compressed(ybr, syntax, PhotometricInterpretation="YBR_FULL")
    )
    expected = np.asarray(Image.fromarray(rgb).convert("L")).astype(int)
    assert np.abs(open_radiograph(content).pixels - expected).max() <= 2


def test_ybr_jpeg_is_converted() -> None:
    rgb = np.dstack([RAMP, RAMP // 2, RAMP // 3])
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=98, subsampling=0)
    content = encapsulated(buffer.getvalue(), rgb, JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL_422")
    radiograph = open_radiograph(content)
    expected = np.asarray(Image.fromarray(rgb).convert("L")).astype(int)
    assert np.abs(radiograph.pixels - expected).mean() < 2
    assert radiograph.colour


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("bits", [8, 16])
def test_palette_colour(bits: int, syntax: UID) -> None:
    """pydicom reads the tables of a big-endian file in the wrong order; the entries are value x 256 in both."""
    order = ">u2" if syntax == ExplicitVRBigEndian else "<u2"
    ramp = (np.arange(256) * (256 if bits == 16 else 1)).astype(order).tobytes()
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    dataset = dataset_of(255 - RAMP, **elements)
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, bits])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", ramp)
    dataset.add_new("PixelData", "OB", (255 - RAMP).tobytes())
    radiograph = open_radiograph(written(dataset, syntax))
    np.testing.assert_array_equal(radiograph.pixels, 255 - RAMP)
    assert not radiograph.colour


PAIRS = [
    ("MR_small.dcm", "MR_small_RLE.dcm", 0),
    ("MR_small.dcm", "MR_small_bigendian.dcm", 0),
    ("MR_small.dcm", "MR_small_implicit.dcm", 0),
    ("MR_small.dcm", "MR_small_jp2klossless.dcm", 0),
    ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm", 0),
    ("MR_small.dcm", "MR_small_padded.dcm", 0),
    ("RG1_UNCR.dcm", "RG1_J2KR.dcm", 0),
    ("RG1_UNCI.dcm", "RG1_J2KI.dcm", 2),
    ("RG3_UNCR.dcm", "RG3_J2KR.dcm", 0),
    ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm", 0),
    ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_rle.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_gdcm_KY.dcm", 0),
    ("SC_rgb.dcm", "SC_rgb_16bit.dcm", 0),
    ("SC_rgb.dcm", "SC_ybr_full_uncompressed.dcm", 2),
]


@pytest.mark.parametrize(("plain", "other", "tolerance"), PAIRS, ids=str)
def test_files_of_one_image_in_several_encodings_agree(plain: str, other: str, tolerance: int) -> None:
    files = [get_testdata_file(name, download=False) for name in (plain, other)]
    if None in files:
        pytest.skip("the package pydicom-data is not installed")
    first, second = (open_radiograph(Path(str(file))).pixels.astype(int) for file in files)
    assert np.abs(first - second).max() <= tolerance


@pytest.mark.parametrize("name", ["color3d_jpeg_baseline.dcm", "liver.dcm", "SC_rgb_rle_2frame.dcm"])
def test_several_frames_are_refused_with_the_reason(name: str) -> None:
    file = get_testdata_file(name, download=False)
    if file is None:
        pytest.skip("the package pydicom-data is not installed")
    with pytest.raises(UnsupportedImageError, match=r"holds \d+ frames"):
        open_radiograph(Path(str(file)))


def test_warnings_and_logs_of_the_libraries_stay_inside(tmp_path: Path) -> None:
    """Open a file in a program that shows all warnings and logs."""
    file = tmp_path / "odd.dcm"
    stored = np.zeros((4, 4), dtype=np.uint16)
    content = dicom_file(stored, PatientAge="004Y", WindowCenter=1, WindowWidth=2, BodyPartExamined="CHEST")
    content = content.replace(b"004Y", b"Doe^").replace(b"CHEST ", b"ch\xffst\x01")
    file.write_bytes(content + b"\x01\x02\x03")
    assert b"Doe^" in content
    program = (
        "import logging, warnings, sys; logging.basicConfig(level=logging.INFO); warnings.simplefilter('always')\n"
        "from pathlib import Path; from neumo.imaging import open_radiograph\n"
        "open_radiograph(Path(sys.argv[1]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
