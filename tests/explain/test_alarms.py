import numpy as np
import pytest

from neumo.explain.alarms import map_alarm, rim_shares
from neumo.explain.heatmap import upsample


def test_a_map_that_looks_at_a_marker_in_the_corner_raises_the_alarm() -> None:
    corner = np.zeros((6, 6), dtype=np.float32)
    corner[0, 5] = 3.0
    notice = map_alarm(corner)
    assert notice is not None and notice.code == "map_at_border"
    assert notice.values["corners"] > 0.6


def test_a_map_that_looks_along_an_edge_raises_the_alarm() -> None:
    edge = np.full((24, 24), -1.0, dtype=np.float32)
    edge[:, 0] = 2.0
    assert map_alarm(edge) is not None


@pytest.mark.parametrize("cells", [(2, 2), (3, 1), (2, 4)])
def test_a_map_that_looks_at_a_lung_raises_none(cells: tuple[int, int]) -> None:
    lung = np.zeros((6, 6), dtype=np.float32)
    lung[cells] = 1.0
    assert map_alarm(lung) is None


def test_a_map_that_is_the_same_everywhere_or_says_nothing_raises_none() -> None:
    assert rim_shares(np.ones((6, 6))) == pytest.approx((0.36, 0.16))
    assert map_alarm(np.ones((6, 6), dtype=np.float32)) is None
    assert map_alarm(np.zeros((6, 6), dtype=np.float32)) is None


@pytest.mark.parametrize("shape", [(6, 6), (7, 5), (1, 3), (24, 24), (130, 120)])
def test_shares_are_those_of_the_map_as_it_is_drawn(shape: tuple[int, int]) -> None:
    class_map = np.random.default_rng(5).uniform(-0.5, 1.0, size=shape).astype(np.float32)
    drawn = upsample(class_map, (100, 100))
    ends = np.concatenate([drawn[:20], drawn[-20:]])
    corners = float(ends[:, :20].sum() + ends[:, -20:].sum())
    border = 1.0 - drawn[10:-10, 10:-10].sum() / drawn.sum()
    assert rim_shares(class_map) == pytest.approx((border, corners / drawn.sum()), rel=1e-4)


def test_heat_at_the_edges_is_told_from_heat_on_the_lungs() -> None:
    corner, middle = np.zeros((100, 100)), np.zeros((100, 100))
    corner[:8, :8] = 1.0
    middle[40:60, 40:60] = 1.0
    assert rim_shares(corner) == pytest.approx((1.0, 1.0))
    assert rim_shares(middle) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_a_map_that_says_nothing_has_no_shares() -> None:
    assert np.isnan(rim_shares(np.full((3, 3), -1.0))).all()
