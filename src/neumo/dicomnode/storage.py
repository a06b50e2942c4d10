"""The node's folder: objects as they came, results as they go."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.core.durable import PART, make_private, sync_folder, write_durably
from neumo.core.errors import NodeError

_FANS = tuple(f"{number:02x}" for number in range(256))
"""Folders are divided by the first byte of a digest, so that none of them grows too large."""

READING = "reading.json"
"""File of a results folder that holds the reading itself."""


class Storage:
    """Where the node keeps what it received and what it made of it.

    Parameters
    ----------
    root : Path
        Made where it is not there, for its owner only.

    Raises
    ------
    NodeError
        It cannot be made or written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects, self.results = root / "objects", root / "results"
        try:
            make_private(root)
            for parent in (self.objects, self.results):
                for fan in _FANS:
                    (parent / fan).mkdir(parents=True, exist_ok=True)
                sync_folder(parent)
            sync_folder(root)
        except OSError as error:
            raise NodeError(
                f"data: {root} cannot be used ({error.strerror or error}); choose a folder that may be written"
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other node out of the folder. Raises NodeError when one is in."""
        with (self.root / "lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise NodeError(
                    f"data: another node works in {self.root}; stop it or give this one a folder of its own"
                ) from error
            yield

    def free_bytes(self) -> int:
        """Space left for what comes. Raises OSError."""
        state = os.statvfs(self.root)
        return state.f_bavail * state.f_frsize

    def keep_object(self, sop_instance_uid: str, parts: Iterable[bytes | memoryview]) -> str:
        """Write an object; on return it is on the disk.

        Parameters
        ----------
        sop_instance_uid : str
            Checked with `is_uid` before.
        parts : iterable of bytes
            Of the file, in order.

        Returns
        -------
        str
            Its path below `root`, another one each time: what is kept twice may be deleted once.

        Raises
        ------
        OSError
            Such as a full disk; nothing is left then.
        """
        token = os.urandom(16).hex()
        target = self.objects / token[:2] / f"{sop_instance_uid}-{token}.dcm"
        write_durably(target, parts)
        return str(target.relative_to(self.root))

    def results_folder(self, key: str) -> Path:
        """Where the results of a reading lie, whether it is there yet or not."""
        return self.results / key[:2] / key

    def result_files(self, key: str) -> list[Path]:
        """Return the DICOM files that were made of a reading, in their order."""
        return sorted(self.results_folder(key).glob("*.dcm"))

    def drop_object(self, path: str) -> None:
        """Delete an object. Raises OSError."""
        (self.root / path).unlink(missing_ok=True)

    def drop_results(self, key: str) -> None:
        """Delete the results of a reading, as far as that is possible."""
        shutil.rmtree(self.results_folder(key), ignore_errors=True)

    def sweep(self, known: frozenset[str]) -> int:
        """Delete what a crash left half written, and objects that were never acknowledged; return how many.

        Parameters
        ----------
        known : frozenset of str
            Paths of all objects in the queue, below `root`.
        """
        swept = 0
        for fan in _FANS:
            for file in (self.objects / fan).iterdir():
                if file.name.startswith(PART) or str(file.relative_to(self.root)) not in known:
                    file.unlink(missing_ok=True)
                    swept += 1
            for folder in (self.results / fan).glob(f"{PART}*"):
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept
