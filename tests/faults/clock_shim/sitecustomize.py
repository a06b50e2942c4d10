"""Sets the time of day of a program wrong by as many seconds as a file says; its other clocks stay right."""

import os
import time

_FILE, _RIGHT = os.environ.get("NEUMO_TEST_CLOCK", ""), time.time


def _wrong() -> float:
    try:
        with open(_FILE, encoding="ascii") as stream:  # noqa: PTH123 - pathlib is not imported yet
            return _RIGHT() + float(stream.read() or 0)
    except OSError:
        return _RIGHT()


if _FILE:
    time.time = _wrong
