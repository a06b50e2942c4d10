"""A lock by which one program works in a folder at a time; the system releases it however the program ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.core.errors import NodeError


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


def _lock(number: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
