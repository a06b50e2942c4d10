from dataclasses import replace

import numpy as np
import pytest

from neumo.monitoring.drift import Change, drift
from neumo.monitoring.reference import Sample


def sample(seed: int, size: int, *, shift: float = 0.0, refused: int | None = None) -> Sample:
    generator = np.random.default_rng(seed)
    return Sample(
        distance=generator.gamma(4, 0.2, size) + shift,
        pneumonia=generator.beta(0.6, 0.6, size),
        refused=size // 50 if refused is None else refused,
        readings=size,
    )


REFERENCE = sample(0, 2000)


def test_the_same_source_raises_no_alarm_and_a_moved_one_does() -> None:
    still = drift(REFERENCE, sample(1, 200))
    assert still.alarms == () and still.tests == 3
    moved = drift(REFERENCE, sample(1, 200, shift=0.4))
    assert moved.alarms == ("distance",)
    distance, pneumonia = moved.figures
    assert distance.psi is not None and distance.psi > 0.25 and distance.change is Change.ALARM
    assert distance.p is not None and distance.p_holm == pytest.approx(3 * distance.p)
    assert pneumonia.change in (Change.NONE, Change.WATCH)


def test_more_refusals_raise_an_alarm() -> None:
    found = drift(REFERENCE, sample(1, 200, refused=24))
    assert found.alarms == ("refusals",)
    assert found.refusals.window.share == 0.12 and found.refusals.p_holm is not None
    assert found.refusals.p_holm < 0.05


def test_a_significant_but_small_change_is_watched_only() -> None:
    found = drift(sample(0, 20_000), sample(1, 20_000, shift=0.02))
    assert found.figures[0].change is Change.WATCH
    assert found.figures[0].p_holm is not None and found.figures[0].p_holm < 0.05
    assert found.alarms == ()


@pytest.mark.parametrize(("reference", "window"), [(2000, 99), (499, 200)])
def test_small_samples_are_said_to_be_so(reference: int, window: int) -> None:
    found = drift(sample(0, reference), sample(1, window, shift=5.0, refused=window))
    assert {*(figure.change for figure in found.figures), found.refusals.change} == {Change.TOO_SMALL}
    assert found.tests == 0 and found.alarms == () and found.figures[0].psi is None


def test_a_reference_without_refusals_leaves_two_tests() -> None:
    found = drift(replace(REFERENCE, refused=None, readings=None), sample(1, 200, refused=100))
    assert found.tests == 2 and found.refusals.change is Change.UNKNOWN and found.alarms == ()


def test_a_window_of_refusals_alone_has_no_probabilities() -> None:
    window = replace(sample(1, 200, refused=200), pneumonia=np.array([]))
    found = drift(REFERENCE, window)
    assert found.figures[1].change is Change.TOO_SMALL and found.figures[1].median is None
    assert found.alarms == ("refusals",)
