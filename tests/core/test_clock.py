import time

import pytest

from neumo.core.clock import ClockWatch, implausible, steady_time


@pytest.mark.parametrize("seconds", [-86_400, 86_400, -4000, 4000, 0, 600, -600])
def test_a_clock_that_was_set_is_told_from_time_that_passed(
    seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, day, passed = ClockWatch(), time.time, time.clock_gettime
    monkeypatch.setattr(time, "time", lambda: day() + 86_400)
    monkeypatch.setattr(time, "clock_gettime", lambda clock: passed(clock) + 86_400)
    assert not watch.jumped(), "a night has passed"
    monkeypatch.setattr(time, "time", lambda: day() + 86_400 + seconds)
    assert watch.jumped() == (abs(seconds) > 3600)


@pytest.mark.parametrize("seconds", [-86_400, 86_400 * 365])
def test_steady_time_passes_and_is_not_set(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, day, passed = steady_time(), time.time, time.clock_gettime
    monkeypatch.setattr(time, "time", lambda: day() + seconds)
    assert 0 <= steady_time() - before < 60
    monkeypatch.setattr(time, "clock_gettime", lambda clock: passed(clock) + 3600)
    assert 3600 <= steady_time() - before < 3660


@pytest.mark.parametrize(
    ("days", "why"),
    [(-2, "future"), (-0.02, None), (0, None), (6.9, None), (7.1, "7.1 days old"), (4000, "old")],
)
def test_a_clock_that_does_not_fit_what_was_recorded_is_not_believed_for_a_day(
    days: float, why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = time.time() - days * 86_400
    said = implausible(newest)
    assert (said is None) if why is None else (said is not None and why in said)
    watch, day, passed = ClockWatch(newest), time.time, time.clock_gettime
    assert watch.believed() is (why is None) and not watch.jumped()
    monkeypatch.setattr(time, "time", lambda: day() + 86_401)
    monkeypatch.setattr(time, "clock_gettime", lambda clock: passed(clock) + 86_401)
    assert watch.believed()
    assert implausible(None) is None and ClockWatch().believed()
