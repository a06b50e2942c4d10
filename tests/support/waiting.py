"""Waiting for what must come."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], seconds: float = 120, what: object = "") -> None:
    """Wait for something; fail where it does not come, and say what is known of `what`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain {what}"
        time.sleep(0.02)
