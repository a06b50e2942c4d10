"""The same image gives the network the same numbers, however many bits a file spends on it."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.support.deep_samples import SIDE, TOLERANCE, film, network_input, png
from tests.support.dicom_samples import dicom_file

from neumo.imaging import open_radiograph
from neumo.imaging.prepare import Intensity, eight_bit_square, network_square, scale_intensity

PIXEL = 0.12
"""Weight of one pixel in a square of a third of its image's side: what a defective one at the edge of a
letter, taken as its neighbours are, can change."""


def in_form(kind: str, samples: NDArray[np.uint16]) -> bytes | NDArray[Any]:
    if kind == "array":
        return samples
    return png(samples) if kind == "png" else dicom_file(samples)


def agree(one: NDArray[np.float32], other: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(one, other, atol=TOLERANCE)


@settings(max_examples=12)
@given(
    bits=st.sampled_from([10, 12]),
    factor=st.sampled_from([4, 16, 64]),
    seed=st.integers(0, 9),
    kind=st.sampled_from(["png", "array", "dicom"]),
)
def test_spare_bits_change_nothing(bits: int, factor: int, seed: int, kind: str) -> None:
    samples = film(bits, seed)
    scaled = (samples.astype(np.uint32) * factor).clip(0, 65535).astype(np.uint16)
    if factor * 2**bits > 2**16:
        scaled = samples * (2 ** (16 - bits))
    agree(network_input(in_form(kind, samples)), network_input(in_form(kind, scaled)))


@settings(max_examples=12)
@given(
    hot=st.integers(0, 200 * 200 - 1),
    more=st.integers(0, 2),
    value=st.sampled_from([0, 65535]),
    kind=st.sampled_from(["png", "dicom", "array"]),
    seed=st.integers(0, 9),
)
def test_defective_pixels_change_nothing(hot: int, more: int, value: int, kind: str, seed: int) -> None:
    samples = film(12, seed)
    before = network_input(in_form(kind, samples))
    for pixel in range(hot, hot + 7001 * more + 1, 7001):
        samples.flat[pixel % samples.size] = value
    difference = np.abs(network_input(in_form(kind, samples)) - before)
    assert difference.max() <= PIXEL and difference.mean() <= TOLERANCE / 10


def test_defective_pixels_are_counted_and_taken_as_their_neighbours() -> None:
    samples = (1000 + np.add.outer(np.arange(200), np.arange(200))).astype(np.uint16)
    samples[50, 60], samples[100, 20] = 65535, 0
    radiograph = open_radiograph(dicom_file(samples))
    assert radiograph.steps[-1]["defects"] == 2
    for row, column in ((50, 60), (100, 20)):
        assert abs(int(radiograph.levels[row, column]) - int(radiograph.levels[row, column + 1])) < 400


@settings(max_examples=12)
@given(width=st.integers(4096, 10_000_000), inverted=st.booleans(), seed=st.integers(0, 9))
def test_a_window_wider_than_the_image_changes_nothing(width: int, inverted: bool, seed: int) -> None:
    samples = film(12, seed)
    elements: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1" if inverted else "MONOCHROME2"}
    plain = dicom_file(samples, bits=12, **elements)
    elements |= {"WindowCenter": 2048, "WindowWidth": width, "VOILUTFunction": "LINEAR_EXACT"}
    windowed = dicom_file(samples, bits=12, **elements)
    agree(network_input(plain), network_input(windowed))


@pytest.mark.parametrize("inverted", [False, True], ids=["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("value", [0, 65535])
@pytest.mark.parametrize("border", [3, 20])
def test_padding_that_is_not_declared_is_taken_as_declared_padding_is(
    value: int, inverted: bool, border: int
) -> None:
    samples = film(12)
    padded = np.full(samples.shape, value, dtype=np.uint16)
    padded[border:-border, border:-border] = samples[border:-border, border:-border]
    elements: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1" if inverted else "MONOCHROME2"}
    silent = open_radiograph(dicom_file(padded, **elements))
    declared = open_radiograph(dicom_file(padded, **elements, PixelPaddingValue=value))
    np.testing.assert_array_equal(silent.levels, declared.levels)
    np.testing.assert_array_equal(silent.pixels, declared.pixels)
    assert silent.steps[1] == {
        "step": "padding",
        "low": value,
        "high": value,
        "background": 0,
        "declared": False,
    }
    if not inverted:
        by_png = open_radiograph(png(padded))
        agree(*(scale_intensity(r.levels, Intensity.PERCENTILES) for r in (by_png, declared)))
        assert not by_png.pixels[:border].any()


def test_a_dark_rim_that_belongs_to_the_image_stays() -> None:
    samples = film(12)
    samples[:, :20] = samples.min()
    for steps in (open_radiograph(content).steps for content in (png(samples), dicom_file(samples))):
        assert "padding" not in [step["step"] for step in steps]


def test_12_bits_in_a_16_bit_png_can_be_seen() -> None:
    samples = film(12)
    for content in (png(samples), png(samples * 16)):
        shown = open_radiograph(content).pixels
        np.testing.assert_allclose(shown, samples / 4095 * 255, atol=0.6)


@pytest.mark.parametrize("colour", [2, 4, 6])
def test_grey_in_16_bit_colour_or_with_alpha_keeps_its_depth(colour: int) -> None:
    samples = film(10)
    channels = [samples] * (3 if colour in {2, 6} else 1)
    channels += [np.full_like(samples, 65535)] * (colour >= 4)
    radiograph = open_radiograph(png(np.dstack(channels), colour))
    assert not radiograph.colour
    np.testing.assert_array_equal(radiograph.levels, open_radiograph(png(samples)).levels)


def test_real_16_bit_colour_is_colour() -> None:
    samples = film(12)
    assert open_radiograph(png(np.dstack([samples, samples[::-1], samples]), 2)).colour


def test_what_is_transparent_is_no_image() -> None:
    samples = film(12)
    alpha = np.full_like(samples, 65535)
    alpha[:30] = 0
    radiograph = open_radiograph(png(np.dstack([samples, alpha]), 4))
    assert not radiograph.pixels[:30].any() and not radiograph.levels[:30].any()
    assert radiograph.pixels[30:].any()


def test_images_of_8_bits_stay_as_they_are() -> None:
    pixels = (film(8) % 256).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    for source in (buffer.getvalue(), pixels):
        radiograph = open_radiograph(source)
        assert radiograph.deep is None and radiograph.levels is radiograph.pixels
        np.testing.assert_array_equal(radiograph.pixels, pixels)


@pytest.mark.parametrize("content", [png(film(12)), dicom_file(film(12), bits=12)], ids=["png", "dicom"])
def test_what_is_cached_for_training_is_what_is_read(content: bytes) -> None:
    square = network_square(open_radiograph(content), SIDE, 1.0, Intensity.PERCENTILES)
    cached = eight_bit_square(square)
    assert cached.dtype == np.uint8
    read, trained = (scale_intensity(levels, Intensity.PERCENTILES) for levels in (square, cached))
    np.testing.assert_allclose(read, trained, atol=1 / 223)


def test_dicom_whose_8_bits_are_shown_as_they_are_is_taken_as_a_png_is() -> None:
    pixels = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    radiograph = open_radiograph(dicom_file(pixels))
    assert radiograph.deep is None
    np.testing.assert_array_equal(radiograph.pixels, pixels)


def test_as_stored_means_as_shown() -> None:
    radiograph = open_radiograph(dicom_file(film(12), bits=12, WindowCenter=2048, WindowWidth=4096))
    square = network_square(radiograph, 200, 1.0, Intensity.AS_STORED)
    np.testing.assert_array_equal(square, radiograph.pixels)
