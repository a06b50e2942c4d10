"""Walking through folders in a fixed order: files, what is not a file, and what cannot be entered."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_LITTER_FILES = frozenset({"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"})
_LITTER_FOLDERS = frozenset(
    {
        # deleted files
        "$recycle.bin", "recycler", "recycled", "#recycle", "@recycle", "network trash folder",
        # copies of an earlier day
        "#snapshot", "@snapshot", "~snapshot",
        # parts of files, found when a disk was repaired
        "lost+found", "lost.dir",
        # of the system or a storage device
        "__macosx", "system volume information", "@eadir", "temporary items", "thevolumesettingsfolder", "dfsrprivate",
    }
)  # fmt: skip
"""Names, in lower case, of what operating systems and storage devices leave in folders. Hidden names (".DS_Store",
"._x.jpeg", ".Trash-1000") are litter too, and the numbered folders of a repaired disk ("FOUND.000")."""
_FOUND_FOLDER = re.compile(r"found\.\d{3}", re.IGNORECASE)


class EntryKind(StrEnum):
    """Kind of a folder's entry."""

    FILE = "file"
    LITTER = "litter"
    """A hidden file or folder, or one that an operating system left, such as Thumbs.db and __MACOSX."""
    SPECIAL = "special"
    """A named pipe, socket or device: reading it could wait for ever."""
    REPEATED = "repeated"
    """A link to a folder that is searched already, as of a link to the folder above it."""
    UNREADABLE = "unreadable"
    """A folder that cannot be searched."""


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """An entry of a folder, at any depth.

    Attributes
    ----------
    path : Path
    kind : EntryKind
    reason : str
        Why a folder is unreadable, in the operating system's words; else empty.
    """

    path: Path
    kind: EntryKind
    reason: str = ""


FolderIdentity = tuple[int, int] | Path


def walk_folder(folder: Path, entered: set[FolderIdentity] | None = None) -> Iterator[FolderEntry]:
    """Yield the entries of a folder at any depth, and through links: its files by name, then the folders in it.

    Each folder is entered once, so that links in a circle end. A link that leads nowhere is a file: whoever reads it is
    told why it cannot be read.

    Parameters
    ----------
    folder : Path
    entered : set, optional
        Folders entered by earlier walks, which are not entered again; those of this one are added.
    """
    entered = set() if entered is None else entered
    pending = [(folder, False)]
    while pending:
        here, is_litter = pending.pop()
        try:
            identity = _identity(here)
            if identity in entered:
                if here.is_symlink():
                    yield FolderEntry(here, EntryKind.REPEATED)
                continue
            entered.add(identity)
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            kind = EntryKind.LITTER if is_litter else EntryKind.UNREADABLE
            yield FolderEntry(here, kind, error.strerror or type(error).__name__)
            continue
        folders = list[tuple[Path, bool]]()
        for entry in entries:
            path, mode = here / entry.name, _mode(entry)
            litter = is_litter or is_litter_name(entry.name, folder=stat.S_ISDIR(mode))
            if stat.S_ISDIR(mode):
                folders.append((path, litter))
            else:
                yield FolderEntry(path, EntryKind.LITTER if litter else _kind(mode))
        pending.extend(reversed(folders))


def is_litter_name(name: str, *, folder: bool = False) -> bool:
    """Whether a name is that of a hidden file or folder, or of one that an operating system leaves."""
    if name.startswith("."):
        return name not in {".", ".."}
    if folder:
        return name.lower() in _LITTER_FOLDERS or _FOUND_FOLDER.fullmatch(name) is not None
    return name.lower() in _LITTER_FILES


def is_litter_path(parts: Sequence[str]) -> bool:
    """Whether a file, named by its folders and its own name, is litter or lies in a folder that is."""
    *folders, name = parts
    return is_litter_name(name) or any(is_litter_name(folder, folder=True) for folder in folders)


def _mode(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_mode
    except OSError:  # a link to nothing or in a circle
        return 0


def _kind(mode: int) -> EntryKind:
    return EntryKind.FILE if mode == 0 or stat.S_ISREG(mode) else EntryKind.SPECIAL


def _identity(folder: Path) -> FolderIdentity:
    status = folder.stat()
    return (status.st_dev, status.st_ino) if status.st_ino else folder.resolve()
