"""Stored samples to grey levels, against values worked out by hand and against pydicom's own functions."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from tests.support.dicom_samples import dataset_of, dicom_file, lut, written

from neumo.imaging import open_radiograph

ROW = np.array([[0, 1000, 2000, 3000, 4000]], dtype=np.uint16)


def grey(stored: np.ndarray, **elements: Any) -> list[int]:
    return open_radiograph(dicom_file(stored, **elements)).pixels.ravel().tolist()


def test_without_window_the_range_of_the_image_becomes_0_to_255() -> None:
    assert grey(ROW, bits=12) == [0, 64, 128, 191, 255]


def test_a_window_is_scaled_by_its_output_range_and_clips() -> None:
    # LINEAR: 2000 lies 0.5 above the centre - 0.5, of a width of 2001 - 1.
    assert grey(ROW, bits=12, WindowCenter=2000, WindowWidth=2001) == [0, 0, 128, 255, 255]
    assert grey(ROW, bits=12, WindowCenter=2000, WindowWidth=4000) == [0, 64, 128, 191, 255]


def test_only_the_first_of_several_windows_counts() -> None:
    several = grey(ROW, bits=12, WindowCenter=[1000, 3000], WindowWidth=[500, 100])
    assert several == grey(ROW, bits=12, WindowCenter=1000, WindowWidth=500)


def test_a_window_of_width_1_is_a_threshold() -> None:
    assert grey(ROW, bits=12, WindowCenter=2000, WindowWidth=1) == [0, 0, 255, 255, 255]


@pytest.mark.parametrize(("center", "width"), [(2000, 0), (2000, -5), ("", 100), (2000, "")])
def test_a_window_that_the_standard_forbids_is_none(center: object, width: object) -> None:
    assert grey(ROW, bits=12, WindowCenter=center, WindowWidth=width) == [0, 64, 128, 191, 255]


def test_rescale_comes_before_the_window() -> None:
    elements: dict[str, Any] = {
        "RescaleSlope": 0.5,
        "RescaleIntercept": -1000,
        "WindowCenter": 0.5,
        "WindowWidth": 2001,
    }
    assert grey(ROW, bits=12, **elements) == [0, 64, 128, 191, 255]


def test_a_falling_rescale_turns_black_and_white_around() -> None:
    assert grey(ROW, bits=12, RescaleSlope=-1, RescaleIntercept=4095) == [255, 191, 128, 64, 0]


@pytest.mark.parametrize("relationship", ["LIN", "LOG", "DISP"])
@pytest.mark.parametrize("sign", [1, -1])
def test_how_samples_follow_the_dose_inverts_nothing(relationship: str, sign: int) -> None:
    """What is shown follows from Photometric Interpretation and Presentation LUT Shape alone (PS3.3 C.7.6.3.1.2)."""
    elements = {"PixelIntensityRelationship": relationship, "PixelIntensityRelationshipSign": sign}
    assert grey(ROW, bits=12, **elements) == grey(ROW, bits=12)
    inverse = {"PhotometricInterpretation": "MONOCHROME1"}
    assert grey(ROW, bits=12, **inverse, **elements) == grey(ROW, bits=12, **inverse)


@pytest.mark.parametrize(
    "elements",
    [
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PresentationLUTShape": "INVERSE"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"},
    ],
)
def test_inversion_is_made_once_and_last(elements: dict[str, str]) -> None:
    assert grey(ROW, bits=12, **elements) == [255, 191, 128, 64, 0]
    # A window below the middle: inverted before it, the bright end would be clipped instead of the dark one.
    windowed = grey(ROW, bits=12, WindowCenter=1000, WindowWidth=2001, **elements)
    assert windowed == [255, 127, 0, 0, 0]


def test_bits_above_those_stored_are_rubbish() -> None:
    rubbish = ROW | np.array([[0xF000, 0x1000, 0xA000, 0, 0x7000]], dtype=np.uint16)
    assert grey(rubbish, bits=12) == grey(ROW, bits=12)
    signed = np.array([[-2048, -1, 0, 2047]], dtype=np.int16)
    dirty = ((signed.astype(np.uint16) & 0x0FFF) | 0x5000).astype(np.uint16)
    assert grey(dirty, bits=12, PixelRepresentation=1) == grey(signed, bits=12) == [0, 127, 128, 255]


def test_high_bit_says_where_the_stored_bits_lie() -> None:
    assert grey(ROW << 4, bits=12, HighBit=15) == grey(ROW, bits=12)


def test_where_bits_stored_are_missing_the_high_bit_says_how_many_there_are() -> None:
    dataset = dataset_of(ROW, bits=12)
    dataset.add_new("PixelData", "OW", (ROW | 0xF000).astype("<u2").tobytes())
    del dataset.BitsStored
    radiograph = open_radiograph(written(dataset))
    assert radiograph.bit_depth == 12 and radiograph.pixels.ravel().tolist() == grey(ROW, bits=12)


def test_padding_is_black_and_no_part_of_the_range() -> None:
    stored = np.array([[65535, 100, 200, 300, 65535]], dtype=np.uint16)
    assert grey(stored, PixelPaddingValue=65535) == [0, 0, 128, 255, 0]
    inverted = grey(stored, PixelPaddingValue=65535, PhotometricInterpretation="MONOCHROME1")
    assert inverted == [0, 255, 128, 0, 0]


def test_padding_can_be_a_range_and_signed() -> None:
    stored = np.array([[-2000, -1500, 0, 100, 200]], dtype=np.int16)
    assert grey(stored, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1500) == [0, 0, 0, 128, 255]


def test_a_padding_value_that_no_sample_can_have_is_ignored() -> None:
    """65535 in 12-bit data must not be cut to 4095, which is the brightest of the image."""
    stored = np.array([[0, 2000, 4095]], dtype=np.uint16)
    assert grey(stored, bits=12, PixelPaddingValue=65535) == [0, 125, 255]


def test_an_image_of_one_value_is_black_not_a_division_by_zero() -> None:
    assert grey(np.full((2, 3), 77, dtype=np.uint16)) == [0] * 6
    assert grey(np.full((2, 3), 77, dtype=np.uint16), PixelPaddingValue=77) == [0] * 6


def test_modality_table_of_signed_values_starts_where_it_says() -> None:
    stored = np.array([[-3, -2, -1, 0, 1, 2]], dtype=np.int16)
    table = lut(-2, 16, [0, 10000, 30000, 65535])
    assert grey(stored, ModalityLUTSequence=[table]) == [0, 0, 39, 117, 255, 255]


def test_modality_table_of_wide_signed_data_does_not_overflow() -> None:
    """pydicom subtracts the first value in the type of the samples: 30000 - (-5000) wraps around."""
    stored = np.array([[-5000, 30000]], dtype=np.int16)
    table = lut(-5000, 16, list(range(0, 65535, 2))[:20000])
    assert grey(stored, ModalityLUTSequence=[table]) == [0, 255]


def test_voi_table_is_scaled_by_its_bits_and_wins_over_a_window() -> None:
    table = lut(1000, 12, [0] * 1000 + list(range(1000, 4000, 2)) + [4095])
    elements: dict[str, Any] = {"VOILUTSequence": [table], "WindowCenter": 10, "WindowWidth": 20}
    expected = [0, 0, round(1000 / 4095 * 255), round(3000 / 4095 * 255), 255]
    assert grey(ROW, bits=12, **elements) == expected


def test_voi_table_with_8_bit_entries_reaches_beyond_256_values() -> None:
    """pydicom keeps positions in the type of the entries: with 8 bits, position 1000 wraps to 232."""
    table = lut(0, 8, [min(i // 16, 255) for i in range(4096)])
    assert grey(ROW, bits=12, VOILUTSequence=[table]) == [0, 62, 125, 187, 250]


def test_voi_table_may_be_bytes_of_either_order() -> None:
    entries = np.linspace(0, 65535, 4096).astype("<u2")
    little = dicom_file(ROW, bits=12, VOILUTSequence=[lut(0, 16, entries.tobytes())])
    big = dicom_file(
        ROW, ExplicitVRBigEndian, bits=12, VOILUTSequence=[lut(0, 16, entries.astype(">u2").tobytes())]
    )
    expected = np.round(ROW / 4095 * 255).astype(np.uint8)
    np.testing.assert_array_equal(open_radiograph(little).pixels, expected)
    np.testing.assert_array_equal(open_radiograph(big).pixels, expected)


def test_voi_table_after_a_rescale_below_zero_reads_its_first_value_as_signed() -> None:
    """In implicit encodings the first value mapped arrives as unsigned: -1000 as 64536."""
    table = lut(0, 16, list(range(0, 65535, 33))[:1986])
    table.LUTDescriptor = [1986, 64536, 16]
    elements: dict[str, Any] = {"RescaleSlope": 1, "RescaleIntercept": -1000, "VOILUTSequence": [table]}
    stored = np.array([[0, 500, 1985]], dtype=np.uint16)
    pixels = open_radiograph(dicom_file(stored, ImplicitVRLittleEndian, **elements)).pixels
    assert pixels.tolist() == [[0, 64, 255]]


FUNCTIONS = ["LINEAR", "LINEAR_EXACT", "SIGMOID"]
SHAPES = [(np.uint8, 8), (np.uint16, 10), (np.uint16, 12), (np.int16, 12), (np.uint16, 16), (np.int16, 16)]


@pytest.mark.parametrize(("function", "shape"), list(itertools.product(FUNCTIONS, SHAPES)))
@pytest.mark.parametrize("rescale", [None, (1.0, 0.0), (2.5, -1024.0)])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_windows_agree_with_pydicom(
    function: str, shape: tuple[type, int], rescale: tuple[float, float] | None, syntax: UID
) -> None:
    dtype, bits = shape
    low = -(2 ** (bits - 1)) if np.issubdtype(dtype, np.signedinteger) else 0
    stored: NDArray[Any] = np.linspace(low, low + 2**bits - 1, 600).astype(dtype).reshape(20, 30)
    slope, intercept = rescale or (1.0, 0.0)
    middle = (low + 2 ** (bits - 1)) * slope + intercept
    elements: dict[str, Any] = {"WindowCenter": middle, "VOILUTFunction": function}
    elements["WindowWidth"] = 2 ** (bits - 1) * slope
    if rescale:
        elements |= {"RescaleSlope": slope, "RescaleIntercept": intercept}
    dataset = dataset_of(stored, bits=bits, **elements)
    output = apply_voi_lut(apply_modality_lut(stored, dataset), dataset)
    lowest, highest = low * slope + intercept, (low + 2**bits - 1) * slope + intercept
    expected = (output - lowest) / (highest - lowest) * 255
    radiograph = open_radiograph(dicom_file(stored, syntax, bits=bits, **elements))
    assert np.abs(radiograph.pixels - expected).max() <= 0.5 + 1e-6
    assert radiograph.bit_depth == bits


def test_steps_name_every_parameter() -> None:
    elements: dict[str, Any] = {
        "PhotometricInterpretation": "MONOCHROME1",
        "RescaleSlope": 2,
        "RescaleIntercept": -5,
        "WindowCenter": [4000, 7],
        "WindowWidth": [400, 8],
        "PixelPaddingValue": 0,
    }
    steps = open_radiograph(dicom_file(ROW, bits=12, **elements)).steps
    assert [step["step"] for step in steps] == [
        "decode",
        "padding",
        "rescale",
        "window",
        "invert",
        "depth",
    ]
    assert steps[0]["transfer_syntax"] == ExplicitVRLittleEndian
    assert steps[2] == {"step": "rescale", "slope": 2.0, "intercept": -5.0}
    assert steps[3] == {"step": "window", "center": 4000.0, "width": 400.0, "function": "LINEAR"}
