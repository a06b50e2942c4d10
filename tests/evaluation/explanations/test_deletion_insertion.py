import numpy as np
from numpy.typing import NDArray

from neumo.evaluation.explanations.deletion_insertion import GRID, STEPS, area, curves

SIDE = 48


def spot() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """A chequered patch on grey, and the map that points at it."""
    image = np.full((1, SIDE, SIDE), 0.5, dtype=np.float32)
    image[0, 8:20, 24:36] = np.indices((12, 12)).sum(axis=0) % 2
    truth = np.zeros((GRID, GRID))
    truth[2:5, 6:9] = 1
    return image, truth


def patch_contrast(images: NDArray[np.float32]) -> NDArray[np.float64]:
    """A network that looks at the patch alone, 0 to 1."""
    contrast: NDArray[np.float64] = images[:, 0, 8:20, 24:36].std(axis=(1, 2)).astype(np.float64)
    return 2.0 * contrast


def test_a_map_that_shows_the_reason_beats_a_random_order_and_its_inverse_loses() -> None:
    image, truth = spot()
    good = curves(image, truth, patch_contrast, np.random.default_rng(0))
    assert area(good.deletion) < area(good.random_deletion) - 0.2
    assert area(good.insertion) > area(good.random_insertion) + 0.2
    bad = curves(image, -truth, patch_contrast, np.random.default_rng(0))
    assert area(bad.deletion) > area(bad.random_deletion) + 0.1
    assert area(bad.insertion) < area(bad.random_insertion) - 0.1


def test_curves_run_between_the_whole_image_and_none_of_it() -> None:
    image, truth = spot()
    found = curves(image, truth, patch_contrast, np.random.default_rng(0))
    whole = patch_contrast(image[np.newaxis])[0]
    for curve in (found.deletion, found.random_deletion):
        assert curve.shape == (STEPS + 1,)
        assert curve[0] == whole and curve[-1] < 1e-6
    assert found.insertion[-1] == found.random_insertion[-1] == whole
    assert found.insertion[0] == found.random_insertion[0] < 0.5 * whole


def test_a_flat_map_is_no_better_than_chance() -> None:
    image, _ = spot()
    gains = []
    for seed in range(30):
        found = curves(image, np.zeros((6, 6)), patch_contrast, np.random.default_rng(seed))
        gains.append(area(found.random_deletion) - area(found.deletion))
    assert abs(np.mean(gains)) < 0.08


def test_the_area_of_a_straight_line_is_a_half() -> None:
    assert area(np.linspace(1, 0, STEPS + 1)) == 0.5
