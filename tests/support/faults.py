"""Faults that are put upon running programs: limits on files and descriptors, stopped processes, a wrong clock."""

import os
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import psutil
from tests.support.forked import CHILD, name_of_child


def readers_of(pid: int) -> list[int]:
    """Numbers of the readers' processes of a node or workbench, as installed or forked."""
    started = [child.pid for child in psutil.Process(pid).children() if CHILD in child.cmdline()]
    named = psutil.process_iter(["name"])
    return started + [process.pid for process in named if process.info["name"] == name_of_child(pid)]


@contextmanager
def limited(pids: Sequence[int], kind: int, soft: int) -> Iterator[None]:
    """Bound a resource of running processes: RLIMIT_FSIZE is a disk that is full, RLIMIT_NOFILE one of descriptors."""
    before = {pid: resource.prlimit(pid, kind) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, kind, (soft, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            if psutil.pid_exists(pid):
                resource.prlimit(pid, kind, limits)


def full_disk(pids: Sequence[int]) -> AbstractContextManager[None]:
    """No file of these processes may grow beyond a few bytes."""
    return limited(pids, resource.RLIMIT_FSIZE, 16)


def no_descriptors(pids: Sequence[int]) -> AbstractContextManager[None]:
    """These processes may open no further file."""
    return limited(pids, resource.RLIMIT_NOFILE, 3)


@contextmanager
def frozen(pids: Sequence[int]) -> Iterator[None]:
    """Stop processes, which then answer nothing and end nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGCONT)
