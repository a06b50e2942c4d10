import numpy as np
import pytest

from neumo.evaluation.explanations.thorax_share import FIELD_SIDE, fixed_field, share_inside


def test_the_fixed_field_leaves_out_edges_and_corners() -> None:
    field = fixed_field()
    assert field.shape == (FIELD_SIDE, FIELD_SIDE) and set(np.unique(field)) == {0.0, 1.0}
    assert not (field[0].any() or field[-1].any() or field[:, 0].any() or field[:, -1].any())
    assert not field[12, 12] and field[50, 12] and field[48, 50]
    assert 0.6 < field.mean() < 0.7


def test_the_share_of_an_even_map_is_the_area_and_of_a_corner_nothing() -> None:
    field = fixed_field()
    corner, middle = np.zeros((10, 10)), np.zeros((10, 10))
    corner[0, 0] = middle[5, 5] = 1
    assert share_inside(np.ones((6, 6)), field) == pytest.approx(field.mean())
    assert share_inside(corner, field) < 0.02
    assert share_inside(middle, field) == pytest.approx(1)
    assert np.isnan(share_inside(-middle, field))
