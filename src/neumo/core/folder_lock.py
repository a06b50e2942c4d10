"""Locks by which one program at a time works in a folder; the system releases them however the program ends."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from neumo.core.errors import NodeError

_BETWEEN = 0.1
"""Seconds between two looks at a lock that another program holds."""


@contextmanager
def folder_locked(file: Path, told: str) -> Iterator[None]:
    """Hold a lock while the block runs.

    Parameters
    ----------
    file : Path
        Made where it is not there; it stays.
    told : str
        What to say where another program holds the lock.

    Raises
    ------
    NodeError
        Another program holds it, or the file cannot be opened.
    """
    try:
        stream = file.open("a")
    except OSError as error:
        raise NodeError(
            "{file}: cannot be opened ({reason}); choose another data folder",
            file=file,
            reason=error.strerror,
        ) from error
    with stream:
        try:
            _lock(stream.fileno())
        except OSError as error:
            raise NodeError(told) from error
        yield


@contextmanager
def in_turn(file: Path) -> Iterator[None]:
    """Wait until no other program holds the lock, and hold it while the block runs.

    For work that need not be done twice: where no lock can be had, as on some shared folders, the block runs too.
    """
    with ExitStack() as held:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            stream = held.enter_context(file.open("a"))
            while not _was_free(stream.fileno()):
                time.sleep(_BETWEEN)
        yield


def _was_free(number: int) -> bool:
    try:
        _lock(number)
    except (BlockingIOError, PermissionError):  # the latter on Windows
        return False
    return True


def _lock(number: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
