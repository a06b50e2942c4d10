"""Heat maps over radiographs."""

import numpy as np
import pytest
from numpy.typing import NDArray

from neumo.explain.overlay import heat_colours, overlay

Pixels = NDArray[np.uint8]


@pytest.fixture
def pixels() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, size=(20, 30), dtype=np.uint8)


def _luminance(colours: Pixels) -> NDArray[np.float64]:
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    luminance: NDArray[np.float64] = linear @ [0.2126, 0.7152, 0.0722]
    return luminance


def test_colours_grow_lighter_from_cold_to_hot_so_that_grey_printing_keeps_their_order() -> None:
    luminance = _luminance(heat_colours())
    assert (np.diff(luminance) > -1e-4).all()
    assert luminance[-1] > 15 * luminance[0]


def test_without_heat_the_radiograph_stays_as_it_is(pixels: Pixels) -> None:
    shown = overlay(pixels, np.zeros(pixels.shape))
    np.testing.assert_array_equal(shown, np.repeat(pixels[..., np.newaxis], 3, axis=2))


def test_full_heat_at_full_opacity_is_the_hottest_colour(pixels: Pixels) -> None:
    shown = overlay(pixels, np.ones(pixels.shape), opacity=1.0)
    assert (shown == heat_colours()[-1]).all()
    assert shown.dtype == np.uint8


def test_only_the_hot_part_is_coloured(pixels: Pixels) -> None:
    heat = np.zeros(pixels.shape)
    heat[:10] = 0.7
    shown = overlay(pixels, heat)
    coloured = np.ptp(shown.astype(int), axis=2) > 0
    assert coloured[:10].all()
    assert not coloured[10:].any()


def test_colour_and_grey_are_blended_by_heat_and_opacity(pixels: Pixels) -> None:
    heat = np.random.default_rng(1).random(pixels.shape)
    share = 0.4 * heat[..., np.newaxis]
    colours = heat_colours()[np.rint(heat * 255).astype(int)]
    expected = pixels[..., np.newaxis] * (1 - share) + colours * share
    assert np.abs(overlay(pixels, heat, opacity=0.4) - expected).max() < 1


@pytest.mark.parametrize(
    ("heat", "opacity", "named"),
    [
        (np.zeros((5, 5)), 0.5, "share one"),
        (np.full((20, 30), 1.5), 0.5, "heat map"),
        (np.full((20, 30), np.nan), 0.5, "heat map"),
        (np.zeros((20, 30)), 1.2, "opacity"),
    ],
)
def test_what_does_not_fit_is_refused(
    pixels: Pixels, heat: NDArray[np.float64], opacity: float, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        overlay(pixels, heat, opacity=opacity)
