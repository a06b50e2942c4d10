"""Waiting for what must come."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something; fail where it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
