import numpy as np
import pytest

from neumo.evaluation.robustness.accuracy_by_corruption import cell
from neumo.evaluation.robustness.corruption_figure import corruption_figure


def test_refused_images_count_as_refused_and_not_as_wrong() -> None:
    truth = np.array([0, 1, 2, 0, 1])
    found = cell("blur", 2, truth, np.array([0, 1, 1, -1, -1]))
    assert (found.images, found.refused) == (5, 0.4)
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert found.accuracy.low < 2 / 3 < found.accuracy.high


def test_a_cell_where_nothing_was_read_has_no_accuracy_and_can_be_drawn() -> None:
    clean = cell("clean", 0, np.array([0, 1]), np.array([0, 1]))
    cells = [cell("blur", s, np.array([0, 1]), np.array([-1, -1] if s > 3 else [0, 2])) for s in range(1, 6)]
    assert cells[-1].to_json()["accuracy"] == {"value": None, "low": None, "high": None}
    assert len(corruption_figure(clean, cells).axes) >= 1
