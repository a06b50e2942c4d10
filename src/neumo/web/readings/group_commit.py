"""Readings that a reader laid out, made whole and lasting, several at once."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neumo.core.files import sync

_AT_ONCE: Final = 8
"""What waits for the disk at the same time shares one write of the file system's journal, and its processor time."""


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A file as it was written, and what it shall be called."""

    temporary: Path
    file: Path


class Settling:
    """Makes files durable; one thread at a time may call it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="neumo-disk")
        self._lasting: set[Path] = set()
        """Parents whose own names are on the disk."""

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def settle(self, laid_out: Sequence[LaidOut]) -> list[OSError | None]:
        """Have files on the disk under their names when it returns, whole or not at all.

        One that is there already stays as it is.

        Returns
        -------
        list of OSError or None
            What went wrong with each.
        """
        faults: list[OSError | None] = [None] * len(laid_out)
        self._do(faults, [(i, one.temporary) for i, one in enumerate(laid_out)])
        for index, one in enumerate(laid_out):
            faults[index] = faults[index] or _renamed(one)
        self._do(faults, [(i, f) for i, one in enumerate(laid_out) for f in self._above(one.file)])
        self._lasting.update(
            one.file.parent for one, fault in zip(laid_out, faults, strict=True) if fault is None
        )
        return faults

    def _do(self, faults: list[OSError | None], to_sync: Sequence[tuple[int, Path]]) -> None:
        """Sync paths, each once; a fault is that of all that need the path."""
        paths = list(dict.fromkeys(path for _, path in to_sync))
        outcome = dict(zip(paths, self._threads.map(_synced, paths), strict=True))
        for index, path in to_sync:
            faults[index] = faults[index] or outcome[path]

    def _above(self, file: Path) -> Iterable[Path]:
        parent = file.parent
        return (parent,) if parent in self._lasting else (parent, parent.parent)


def _synced(path: Path) -> OSError | None:
    try:
        sync(path)
    except OSError as error:
        return error
    return None


def _renamed(one: LaidOut) -> OSError | None:
    try:
        if not one.file.exists():
            one.temporary.replace(one.file)
    except OSError as error:
        return error
    finally:
        one.temporary.unlink(missing_ok=True)
    return None
