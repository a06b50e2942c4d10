"""The node's data folder: received objects, and the results of their readings."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.core.errors import NodeError
from neumo.core.files import PART, make_private, sync, write_private
from neumo.core.folder_lock import folder_locked
from neumo.core.message import Message

_SHARDS = tuple(f"{number:02x}" for number in range(256))
"""Subfolders by the first byte of a digest, so that none of them grows too large."""

_OBJECT = re.compile(r"[0-9.]{1,64}-[0-9a-f]{32}\.dcm")
"""Names of objects; whatever else somebody puts into the folder stays there."""

READING, IDENTIFIERS, PATIENT = "reading.json", "identifiers.json", "patient.json"
"""Files of a results folder: the reading itself, and whose image it is (null where the header does not say)."""
RADIOGRAPH = "radiograph.kept"
"""File of a results folder that the workbench shows; it is moved there when the reading is recorded."""


class DataFolder:
    """Files of received objects (`objects`) and of results (`results`) below `root`.

    Parameters
    ----------
    root : Path
        Created where it does not exist, with access for its owner only.

    Raises
    ------
    NodeError
        It cannot be created or written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects, self.results = root / "objects", root / "results"
        try:
            make_private(root)
            for parent in (self.objects, self.results):
                for shard in _SHARDS:
                    (parent / shard).mkdir(parents=True, exist_ok=True)
                sync(parent)
            sync(root)
        except OSError as error:
            raise NodeError(
                "data: {root} cannot be used ({reason}); choose a folder that may be written",
                root=root,
                reason=error.strerror or error,
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock while the block runs. Raises NodeError where another node holds it."""
        told = Message(
            "data: another node works in {root}; stop it or give this one a folder of its own", root=self.root
        )
        with folder_locked(self.root / "lock", told):
            yield

    def free_bytes(self) -> int:
        """Return the free space of the file system. Raises OSError."""
        state = os.statvfs(self.root)
        return state.f_bavail * state.f_frsize

    def write_object(self, sop_instance_uid: str, parts: Iterable[bytes | memoryview]) -> str:
        """Write an object's file; it is synced to disk on return.

        Parameters
        ----------
        sop_instance_uid : str
            Checked with `is_uid` before.
        parts : iterable of bytes
            Content of the file, in order.

        Returns
        -------
        str
            Its path below `root`, a new one each time, so that deleting one copy leaves another.

        Raises
        ------
        OSError
            The file could not be written, and does not exist.
        """
        token = os.urandom(16).hex()
        target = self.objects / token[:2] / f"{sop_instance_uid}-{token}.dcm"
        write_private(target, parts)
        return str(target.relative_to(self.root))

    def results_folder(self, key: str) -> Path:
        """Return the folder of a reading's results, whether it exists yet or not."""
        return self.results / key[:2] / key

    def result_files(self, key: str) -> list[Path]:
        """Return the DICOM files among the results of a reading, in order."""
        return sorted(self.results_folder(key).glob("*.dcm"))

    def delete_object(self, path: str) -> None:
        """Delete an object. Raises OSError."""
        (self.root / path).unlink(missing_ok=True)

    def delete_results(self, key: str) -> None:
        """Delete the results of a reading; what cannot be deleted is left."""
        shutil.rmtree(self.results_folder(key), ignore_errors=True)

    def sweep(self, known: frozenset[str]) -> int:
        """Delete unfinished files of a crash and objects that were never acknowledged; return how many.

        Parameters
        ----------
        known : frozenset of str
            Paths of all objects in the queue, below `root`.
        """
        swept = 0
        for shard in _SHARDS:
            for file in (self.objects / shard).iterdir():
                own = file.name.startswith(PART) or _OBJECT.fullmatch(file.name) is not None
                if own and str(file.relative_to(self.root)) not in known:
                    file.unlink(missing_ok=True)
                    swept += 1
            for folder in (self.results / shard).glob(f"{PART}*"):
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept
