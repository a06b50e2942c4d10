"""Makes finished files durable, many at once: fsync, rename, fsync of the folders."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neumo.core.files import sync

_THREADS: Final = 8
"""Files that are synced at the same time share one write of the file system's journal."""


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """A file written under a temporary name, and its final name."""

    temporary: Path
    target: Path


class FileSync:
    """Syncs (fsync) and renames files in batches; not thread-safe."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="neumo-sync")
        self._synced: set[Path] = set()
        """Folders whose own directory entries are synced."""

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def publish(self, files: Sequence[FinishedFile]) -> list[OSError | None]:
        """Rename files to their targets, synced before and after; a target that exists stays as it is.

        Returns
        -------
        list of OSError or None
            The fault of each file; such a file was not renamed, or the rename is not durable.
        """
        faults: list[OSError | None] = [None] * len(files)
        self._sync(faults, [(index, file.temporary) for index, file in enumerate(files)])
        for index, file in enumerate(files):
            faults[index] = faults[index] or _renamed(file)
        folders = [(index, folder) for index, file in enumerate(files) for folder in self._folders(file)]
        self._sync(faults, folders)
        done = (file for file, fault in zip(files, faults, strict=True) if fault is None)
        self._synced.update(file.target.parent for file in done)
        return faults

    def _sync(self, faults: list[OSError | None], paths: Sequence[tuple[int, Path]]) -> None:
        """Sync each path once; its fault is the fault of every file that needs it."""
        needed = list(dict.fromkeys(path for _, path in paths))
        run = map if len(needed) == 1 else self._threads.map  # another thread saves nothing for one
        outcomes = dict(zip(needed, run(_fault, needed), strict=True))
        for index, path in paths:
            faults[index] = faults[index] or outcomes[path]

    def _folders(self, file: FinishedFile) -> Iterable[Path]:
        parent = file.target.parent
        return (parent,) if parent in self._synced else (parent, parent.parent)


def _fault(path: Path) -> OSError | None:
    try:
        sync(path)
    except OSError as error:
        return error
    return None


def _renamed(file: FinishedFile) -> OSError | None:
    try:
        if not file.target.exists():
            file.target.parent.mkdir(mode=0o700, exist_ok=True)
            file.temporary.replace(file.target)
    except OSError as error:
        return error
    finally:
        file.temporary.unlink(missing_ok=True)
    return None
