import time

import pytest

from neumo.core.clock import ClockWatch


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
