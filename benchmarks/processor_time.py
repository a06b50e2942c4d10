"""Processor time of a benchmark and of the processes that it started, which other work on the machine changes little."""

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

Value = TypeVar("Value")


def processor_seconds() -> float:
    """Return the processor time of this process and of all its child processes that still run, in seconds."""
    # `process_time` is finer than the clock ticks that psutil reads.
    return time.process_time() + _of_children(psutil.Process())


def own_processor_seconds_of(pid: int) -> float:
    """Return the processor time of another process without its children, in seconds."""
    own = psutil.Process(pid).cpu_times()
    return float(own.user + own.system)


def processor_seconds_of(pid: int) -> float:
    """Return the processor time of another process and of its children, those that have ended included, in seconds."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    ended = float(times.children_user + times.children_system)
    return own_processor_seconds_of(pid) + ended + _of_children(process)


def _of_children(process: psutil.Process) -> float:
    seconds = 0.0
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return seconds


def timed(work: Callable[[], Value]) -> tuple[Value, float]:
    """Run a function; return its result and the processor seconds that it took."""
    before = processor_seconds()
    value = work()
    return value, processor_seconds() - before
