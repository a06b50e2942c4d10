"""Processor time of a benchmark and of the processes that it started, which other work on the machine changes little."""

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

Value = TypeVar("Value")


def processor_seconds() -> float:
    """Return the processor time of this process and of all its child processes that still run, in seconds."""
    seconds = time.process_time()  # finer than the clock ticks that psutil reads
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return seconds


def timed(work: Callable[[], Value]) -> tuple[Value, float]:
    """Run a function; return its result and the processor seconds that it took."""
    before = processor_seconds()
    value = work()
    return value, processor_seconds() - before
