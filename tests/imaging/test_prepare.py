"""The one preparation that training and reading share."""

import numpy as np
import pytest

from neumo.imaging.prepare import fit_square, level_counts


def test_the_field_of_view_leaves_the_rim_out() -> None:
    pixels = np.full((160, 320), 100, dtype=np.uint8)
    pixels[:10] = pixels[-10:] = pixels[:, :20] = pixels[:, -20:] = 255
    seen = fit_square(pixels, 70, 0.875)
    assert (seen[1:-1, 1:-1] == 100).all()  # the outermost pixels blend with their neighbours
    assert seen.max() < 180
    assert (fit_square(pixels, 70) == 255).any()


def test_the_field_of_view_is_central_and_enlarged() -> None:
    pixels = np.zeros((80, 80), dtype=np.uint8)
    pixels[:, :40] = 200
    square = fit_square(pixels, 80, 0.5)
    assert (square[:, :39] == 200).all() and (square[:, 41:] == 0).all()
    ramp = np.repeat(np.arange(80, dtype=np.uint8)[np.newaxis], 80, axis=0)
    np.testing.assert_allclose(fit_square(ramp, 80, 0.5)[0], np.linspace(19.75, 59.25, 80), atol=0.8)


@pytest.mark.parametrize("side", [64, 97])
def test_an_image_of_the_right_size_seen_whole_stays_as_it_is(side: int) -> None:
    pixels = np.random.default_rng(side).integers(0, 256, (side, side), dtype=np.uint8)
    assert np.array_equal(fit_square(pixels, side), pixels)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1,), (7, 5), (300, 200)])
def test_levels_are_counted(shape: tuple[int, ...], depth: type[np.uint8] | type[np.uint16]) -> None:
    drawn = np.random.default_rng(1).integers(0, np.iinfo(depth).max + 1, shape)
    levels = drawn.astype(np.uint8) if depth is np.uint8 else drawn.astype(np.uint16)
    for view in (levels, levels[::2], levels.T):
        counts = level_counts(view)
        assert counts.sum() == view.size
        assert np.array_equal(np.flatnonzero(counts), np.unique(view))
        assert np.array_equal(counts[np.unique(view)], np.unique(view, return_counts=True)[1])
