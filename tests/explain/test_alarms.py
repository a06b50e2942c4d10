import numpy as np
import pytest

from neumo.explain.alarms import corner_share, map_alarm


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
    assert corner_share(np.ones((100, 100))) == pytest.approx(0.16)
    assert map_alarm(np.ones((6, 6), dtype=np.float32)) is None
    assert map_alarm(np.zeros((6, 6), dtype=np.float32)) is None
