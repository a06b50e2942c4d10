"""JPEG 2000 as Pillow's OpenJPEG decodes it, beside another build of OpenJPEG that encoded it."""

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import HTJ2KLossless, JPEG2000Lossless
from tests.support.dicom_samples import compressed, dicom_file, encapsulated

from neumo.core.errors import UnsupportedImageError
from neumo.imaging import open_radiograph
from neumo.imaging.dicom.stream import bare_codestream

HIGH_THROUGHPUT = base64.b64decode(
    "/0//UQApQAAAAAAYAAAAEAAAAAAAAAAAAAAAGAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wA"
    "EyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAJoAAf+TwAAm8fYFB3QAwAATAAz8"
    "Awd0AMAAEsAAE4DlAId0AGxm8wCiNADAABPAABVANNP8ggt0ADTTpPkAEIB3VgDAABUwAAVwlJSUlNpxgnUAlCkpKSkp4Bj2"
    "MYHsuADAACvgABbQMplMJpPJZPP6enpxAngAsjKZTCaTyWQymez/EAIQHv2IQHv2IQHsvwD/2Q=="
)
"""A ramp of 24 x 16 at 16 bits, encoded by OpenJPH."""

RAMP: NDArray[np.uint16] = (np.add.outer(np.arange(16), np.arange(24)) * 90).astype(np.uint16)


def tiled(**options: object) -> tuple[NDArray[np.uint8], bytes]:
    """A picture of 2 x 2 tiles, and its codestream."""
    picture = np.random.default_rng(1).integers(0, 255, (96, 80), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(
        buffer, "JPEG2000", no_jp2=True, irreversible=False, tile_size=(48, 48), **options
    )
    return picture, buffer.getvalue()


def test_high_throughput_jpeg_2000_loses_nothing() -> None:
    radiograph = open_radiograph(encapsulated(HIGH_THROUGHPUT, RAMP, HTJ2KLossless))
    np.testing.assert_array_equal(radiograph.pixels, open_radiograph(dicom_file(RAMP)).pixels)
    assert radiograph.steps[0]["decoder"] == "openjpeg"


def test_colour_of_more_than_eight_bits_is_refused_rather_than_read_wrongly() -> None:
    colour = np.zeros((40, 60, 3), dtype=np.uint16)
    with pytest.raises(UnsupportedImageError, match="colour of 10 bits is not read"):
        open_radiograph(compressed(colour, JPEG2000Lossless, bits=10))


def test_boxes_around_a_codestream_never_reach_the_decoder() -> None:
    """DICOM forbids them, and the parser of boxes is where CVE-2025-54874 was."""
    picture, codestream = tiled()
    boxed = io.BytesIO()
    Image.fromarray(picture).save(boxed, "JPEG2000", irreversible=False)
    content = boxed.getvalue()
    assert content[4:8] == b"jP  "
    assert bare_codestream(content)[:4] == b"\xff\x4f\xff\x51"
    np.testing.assert_array_equal(
        open_radiograph(encapsulated(content, picture, JPEG2000Lossless)).pixels,
        open_radiograph(encapsulated(codestream, picture, JPEG2000Lossless)).pixels,
    )


def test_a_wrong_number_of_tile_parts_is_no_obstacle_and_a_right_one_stays() -> None:
    """An old encoder counted one too few."""
    picture, codestream = tiled()
    assert bare_codestream(codestream) == codestream
    expected = open_radiograph(encapsulated(codestream, picture, JPEG2000Lossless)).pixels
    wrong = bytearray(codestream)
    first = wrong.index(b"\xff\x90\x00\x0a")
    length = int.from_bytes(wrong[first + 6 : first + 10], "big")
    # The first tile in two parts, of which the headers say that there is one.
    empty = wrong[first : first + 6] + (14).to_bytes(4, "big") + b"\x00\x01\xff\x93"
    wrong[first + 10 : first + 12] = b"\x01\x01"
    wrong[first:first] = empty
    assert length > 14
    np.testing.assert_array_equal(
        open_radiograph(encapsulated(bytes(wrong), picture, JPEG2000Lossless)).pixels, expected
    )
