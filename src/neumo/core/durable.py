"""Files and folders that are on the disk, not only in its cache, when a function returns."""

import os
from collections.abc import Iterable
from pathlib import Path

PART = ".part-"
"""Begins the names of what is still being written; whatever a crash left of it is removed at the next start."""


def make_private(folder: Path) -> None:
    """Make a folder, with its parents, that only its owner may enter. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def write_durably(target: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file beside `target`, sync it, rename it, and sync the folder (0600).

    Raises
    ------
    OSError
        Such as a full disk; nothing is left then.
    """
    temporary = target.with_name(f"{PART}{os.urandom(8).hex()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            for part in parts:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames within a folder survive a loss of power. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
