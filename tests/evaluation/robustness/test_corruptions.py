import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.datasets.phantoms.dataset import draw_phantom
from neumo.evaluation.robustness.corruptions import CORRUPTIONS, STRENGTHS, corrupt


@pytest.fixture(scope="module")
def film() -> NDArray[np.uint8]:
    return draw_phantom(Finding.NORMAL, np.random.default_rng(4), 160)[:, :140]


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_corruption_grows_with_strength_and_is_always_the_same(kind: str, film: NDArray[np.uint8]) -> None:
    before = film.copy()
    distances = []
    for strength in STRENGTHS:
        # Several images, because signs and places are drawn anew for each.
        corrupted = [corrupt(film, kind, strength, index) for index in range(6)]
        assert all(d.shape == film.shape and d.dtype == np.uint8 for d in corrupted)
        np.testing.assert_array_equal(corrupted[0], corrupt(film, kind, strength, 0))
        distances.append(np.mean([np.abs(d.astype(int) - film).mean() for d in corrupted]))
    assert distances[0] > 0
    assert distances[-1] > 1.5 * distances[0]
    assert all(later >= 0.95 * earlier for earlier, later in itertools.pairwise(distances))
    np.testing.assert_array_equal(film, before)


@pytest.mark.parametrize("kind", ["blur", "border", "crop", "text", "zoom_out"])
def test_corruption_is_alike_for_small_and_large_files(kind: str, film: NDArray[np.uint8]) -> None:
    large = np.kron(film, np.ones((4, 4), dtype=np.uint8))
    small_change = np.abs(corrupt(film, kind, 4, 1).astype(int) - film).mean()
    large_change = np.abs(corrupt(large, kind, 4, 1).astype(int) - large).mean()
    assert large_change == pytest.approx(small_change, rel=0.5)
