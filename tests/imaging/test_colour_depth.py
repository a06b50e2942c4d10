"""A grey radiograph stored in colour of 16 bits gives the network the same numbers as one stored in grey."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.uid import JPEGLSLossless, RLELossless
from tests.support.deep_samples import TOLERANCE, film, network_input, png
from tests.support.dicom_samples import compressed, dataset_of, dicom_file, written
from tests.support.tiff_samples import DEFLATE, GREY, RAW, tiff_of_bands

from neumo.core.errors import UnsupportedImageError
from neumo.imaging import open_radiograph

Samples = NDArray[np.uint16]
WHITE = 65535
UNEQUAL = 8
"""Most levels of 10 bits by which channels of the same grey lie apart here."""


def with_alpha(samples: Samples) -> Samples:
    return np.dstack([samples, np.full(samples.shape[:2], WHITE, dtype=np.uint16)])


def through_palette(grey: Samples, factor: int = 1) -> bytes:
    """`grey` of at most 12 bits, in which sample 0 is the least grey and the palette adds it again."""
    least = int(grey.min())
    dataset = dataset_of(grey - least, bits=12, PhotometricInterpretation="PALETTE COLOR")
    entries = (np.minimum(np.arange(4096) + least, 4095) * factor).astype("<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [4096, 0, 16])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", entries)
    dataset.add_new("PixelData", "OW", (grey - least).tobytes())
    return written(dataset)


KINDS: dict[str, Any] = {
    "array": lambda samples: samples,
    "png": lambda samples: png(samples, 2),
    "png with alpha": lambda samples: png(with_alpha(samples), 6),
    "dicom": dicom_file,
    "dicom, run-length": lambda samples: compressed(samples, RLELossless),
    "dicom, JPEG-LS": lambda samples: compressed(samples, JPEGLSLossless),
}
KINDS |= {
    f"tiff {order} {compression} {extra}": lambda samples, order=order, compression=compression, extra=extra: (
        tiff_of_bands(
            samples if extra is None else with_alpha(samples), order, compression=compression, extra=extra
        )
    )
    for order in "<>"
    for compression in (RAW, DEFLATE)
    for extra in (None, 0, 1, 2)
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=3)
@given(bits=st.sampled_from([10, 12, 16]), seed=st.integers(0, 9), data=st.data())
def test_grey_in_three_channels_keeps_its_depth(kind: str, bits: int, seed: int, data: st.DataObject) -> None:
    """Equal channels agree as files of grey do; channels that lie a little apart, to as much as they do."""
    grey = film(bits, seed)
    apart = data.draw(st.sampled_from([0, UNEQUAL])) * 2 ** (bits - 10)
    samples = np.dstack([grey, grey + apart // 2, grey - apart // 2]).astype(np.uint16)
    radiograph = open_radiograph(KINDS[kind](samples))
    assert not radiograph.colour and radiograph.bit_depth == 16
    assert radiograph.deep is not None and len(np.unique(radiograph.levels)) > 300
    difference = np.abs(network_input(KINDS[kind](samples)) - network_input(grey))
    assert difference.max() <= TOLERANCE


@pytest.mark.parametrize("factor", [1, 7, 16])
def test_a_palette_of_16_bits_keeps_its_depth(factor: int) -> None:
    grey = film(12)
    difference = np.abs(network_input(through_palette(grey, factor)) - network_input(grey))
    assert difference.max() <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_defective_pixel_hides_no_colour_and_colour_is_told(kind: str) -> None:
    grey = film(12)
    samples = np.dstack([grey, grey[::-1], grey])
    assert open_radiograph(KINDS[kind](samples)).colour
    samples[50, 60] = WHITE
    assert open_radiograph(KINDS[kind](samples)).colour


def test_one_channel_of_light_is_no_brighter_than_it_is() -> None:
    samples = np.zeros((40, 40, 3), dtype=np.uint16)
    samples[:, 20:, 2] = WHITE
    assert open_radiograph(samples).colour and open_radiograph(samples).pixels.max() == 29


@pytest.mark.parametrize("compression", [RAW, DEFLATE])
@pytest.mark.parametrize("order", ["<", ">"])
def test_planes_of_16_bits_are_refused_and_not_misread(order: str, compression: int) -> None:
    content = tiff_of_bands(np.dstack([film(12)] * 3), order, planes=True, compression=compression)
    with pytest.raises(UnsupportedImageError, match="plane by plane"):
        open_radiograph(content)


def test_planes_of_8_bits_are_read() -> None:
    grey = (film(8) % 256).astype(np.uint8)
    radiograph = open_radiograph(tiff_of_bands(np.dstack([grey] * 3), planes=True))
    np.testing.assert_array_equal(radiograph.pixels, grey)
    assert radiograph.deep is None and not radiograph.colour


def test_bands_that_pillow_cannot_read_are_no_corruption() -> None:
    with pytest.raises(UnsupportedImageError, match="kind that is not read"):
        open_radiograph(tiff_of_bands(np.dstack([film(12)] * 3), photometric=GREY, extra=2))


def test_colour_of_8_bits_stays_as_it_is() -> None:
    grey = (film(8) % 256).astype(np.uint8)
    rgb = np.dstack([grey] * 3)
    for source in (rgb, dicom_file(rgb), tiff_of_bands(rgb)):
        radiograph = open_radiograph(source)
        assert radiograph.deep is None and radiograph.levels is radiograph.pixels
        np.testing.assert_array_equal(radiograph.pixels, grey)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_luma_and_chroma_of_16_bits_are_refused_and_called_no_corruption(photometric: str) -> None:
    content = dicom_file(np.dstack([film(12)] * 3), PhotometricInterpretation=photometric)
    with pytest.raises(UnsupportedImageError, match="16 bits is not read"):
        open_radiograph(content)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [RAW, DEFLATE])
@pytest.mark.parametrize("extra", [None, 0, 1, 2])
@pytest.mark.parametrize("photometric", [0, GREY])
def test_a_tiff_of_grey_and_transparency_keeps_its_depth(
    order: str, compression: int, extra: int | None, photometric: int
) -> None:
    """Where the second sample is transparency (1: multiplied in, 2: beside), what is transparent is black."""
    grey = film(16, 3)
    alpha = np.full_like(grey, WHITE)
    alpha[:8] = 0
    shown = grey.copy()
    if extra in (1, 2):
        shown[:8] = 0
    stored = shown if extra == 1 else grey
    samples = np.dstack([WHITE - stored if photometric == 0 else stored, alpha])
    content = tiff_of_bands(samples, order, photometric=photometric, extra=extra, compression=compression)
    radiograph = open_radiograph(content)
    assert (radiograph.bit_depth, radiograph.colour) == (16, False)
    difference = np.abs(network_input(content) - network_input(shown))
    assert difference.max() <= TOLERANCE
    assert any(step["step"] == "transparency" for step in radiograph.steps) == (extra in (1, 2))


def test_grey_and_transparency_plane_by_plane_are_refused() -> None:
    samples = np.dstack([film(16, 3)] * 2)
    with pytest.raises(UnsupportedImageError, match="plane by plane"):
        open_radiograph(tiff_of_bands(samples, photometric=GREY, extra=2, planes=True))
