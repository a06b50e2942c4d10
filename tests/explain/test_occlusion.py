"""Maps by covering."""

import numpy as np
import pytest
from numpy.typing import NDArray

from neumo.explain.occlusion import occlusion_map


def brightness_of_a_spot(images: NDArray[np.float32]) -> NDArray[np.float32]:
    brightness: NDArray[np.float32] = images[:, 0, 40:48, 8:16].mean(axis=(1, 2))
    return brightness


def test_the_map_is_hot_where_the_score_comes_from() -> None:
    image = np.full((1, 96, 96), 0.2, dtype=np.float32)
    image[:, 40:48, 8:16] = 1.0
    found = occlusion_map(brightness_of_a_spot, image)
    assert found.shape == (12, 12)
    assert found.argmax() == 5 * 12 + 1
    assert found[5, 1] > 0.5
    assert abs(found[0:3]).max() < 1e-6 and abs(found[:, 6:]).max() < 1e-6


def test_what_speaks_against_the_finding_is_negative() -> None:
    image = np.full((1, 96, 96), 0.2, dtype=np.float32)
    image[:, 40:48, 8:16] = 1.0
    assert occlusion_map(lambda images: -brightness_of_a_spot(images), image)[5, 1] < -0.5


def test_the_image_itself_stays_as_it_was() -> None:
    image = np.random.default_rng(0).random((1, 64, 64), dtype=np.float32)
    before = image.copy()
    occlusion_map(lambda images: images.mean(axis=(1, 2, 3)), image, cells=4, cover=2)
    np.testing.assert_array_equal(image, before)


def test_a_grid_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit an image of 8 pixels"):
        occlusion_map(brightness_of_a_spot, np.zeros((1, 8, 8), dtype=np.float32))
