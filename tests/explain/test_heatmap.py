"""Class maps to heat maps."""

import numpy as np
import pytest
from numpy.typing import NDArray

from neumo.explain.heatmap import rectify, upsample


def test_evidence_against_a_finding_becomes_nothing_and_the_peak_becomes_one() -> None:
    heat = rectify(np.array([[-3.0, 0.0], [2.0, 4.0]]))
    np.testing.assert_allclose(heat, [[0.0, 0.0], [0.5, 1.0]])
    assert heat.dtype == np.float32


def test_a_map_that_speaks_against_everywhere_points_nowhere() -> None:
    assert not rectify(np.full((7, 7), -1.0)).any()


def test_the_peak_stays_where_it_was_on_a_radiograph_of_another_shape() -> None:
    class_map = np.zeros((7, 7))
    class_map[5, 1] = 1.0
    heat = upsample(class_map, (140, 210))
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert heat.shape == (140, 210)
    assert abs(row - 110) <= 5
    assert abs(column - 45) <= 8
    assert heat.min() >= 0.0
    assert heat.max() <= 1.0


def test_nothing_is_hot_outside_the_field_of_view() -> None:
    heat = upsample(np.ones((7, 7)), (160, 80), 0.875)
    assert heat.shape == (160, 80)
    assert (heat[10:-10, 5:-5] == 1).all()
    assert heat.sum() == heat[10:-10, 5:-5].sum()


@pytest.mark.parametrize(
    "class_map", [np.zeros((2, 3, 4)), np.zeros((0, 4)), np.array([[np.nan, 1.0]]), np.array([[np.inf, 1.0]])]
)
def test_what_is_no_map_is_refused(class_map: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="class map"):
        upsample(class_map, (8, 8))


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 8"):
        upsample(np.ones((2, 2)), (0, 8))
