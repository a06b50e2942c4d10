"""Finds the image files that paths, folders and patterns mean, and says what else was found and why it is skipped."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from neumo.core.folders import EntryKind, FolderEntry, FolderIdentity, is_litter_name, walk_folder
from neumo.core.names import shown_path
from neumo.imaging.dicom.recognise import is_dicom
from neumo.imaging.dicom.stored_class import DICOMDIR, HEAD_BYTES, holds_no_image, stored_class
from neumo.imaging.raster import is_raster
from neumo.imaging.raster_formats import RASTER_SUFFIXES, archive_kind, other_image_kind

_OTHER_SUFFIXES: Final = frozenset(
    {
        ".gif",
        ".heic",
        ".heif",
        ".j2c",
        ".j2k",
        ".jls",
        ".jp2",
        ".jpf",
        ".jpx",
        ".jxl",
        ".jxr",
        ".wdp",
        ".pgm",
        ".pnm",
        ".ppm",
        ".nii",
        ".nrrd",
        ".mha",
        ".psd",
        ".dcm",
        ".dicom",
    }
)
"""Suffixes of files that are taken for images whatever they hold: one that cannot be read fails, unskipped."""


_OBJECT_NAME: Final = re.compile(r"[0-9]+(\.[0-9]+){4,}|(IM|IMG|CR|DX)[_-]?[0-9]{3,}", re.IGNORECASE)
"""Of DICOM objects: UIDs, and as CDs number them. What is named so and holds something else is damaged."""
_ARCHIVE_SUFFIXES: Final = frozenset(
    {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".iso", ".dmg"}
)

_NEVER_DOCUMENTS: Final = frozenset({"7-Zip", "RAR", "tar"})
"""Kinds of archives of any name; documents and programs are ZIP archives too."""


class Skip(StrEnum):
    """Why a file in a folder is not read."""

    LITTER = "litter"
    """Hidden, or left by an operating system, as .DS_Store, Thumbs.db and what lies in __MACOSX."""
    NO_IMAGE = "no_image"
    """Neither its name nor its content is that of an image."""
    ARCHIVE = "archive"
    """An archive (ZIP, 7-Zip, tar ...), which is not opened."""
    DICOMDIR = "dicomdir"
    """The index of a CD."""
    REPORT = "report"
    """A DICOM object without an image, as a Structured Report."""
    NOT_DICOM = "not_dicom"
    """An image that is no DICOM file, where only those are looked for."""
    SPECIAL = "special"
    """A named pipe, socket or device."""
    REPEATED = "repeated"
    """A link to a folder that is searched already."""


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Image files found by paths, folders and patterns, and what was skipped.

    Attributes
    ----------
    images : tuple of Path
        Files to read, in order, each once.
    skipped : mapping of Skip to int
        Files that are not read, counted by reason.
    unreadable : tuple of FolderEntry
        Folders that could not be searched.
    """

    images: tuple[Path, ...] = ()
    skipped: Mapping[Skip, int] = field(default_factory=lambda: MappingProxyType({}))
    unreadable: tuple[FolderEntry, ...] = ()

    @property
    def found(self) -> int:
        """Files in all, read or not."""
        return len(self.images) + sum(self.skipped.values())

    def to_json(self) -> dict[str, Any]:
        """Return plain values: `found`, `skipped` (by reason), `unreadable_folders` (path and reason)."""
        return {
            "found": self.found,
            "skipped": {reason.value: self.skipped[reason] for reason in Skip if self.skipped.get(reason)},
            "unreadable_folders": [
                {"folder": shown_path(entry.path), "reason": entry.reason} for entry in self.unreadable
            ],
        }

    def __add__(self, other: "FoundFiles") -> "FoundFiles":
        return FoundFiles(
            tuple(dict.fromkeys((*self.images, *other.images))),
            MappingProxyType(Counter(self.skipped) + Counter(other.skipped)),
            (*self.unreadable, *other.unreadable),
        )


def find_images(paths: Iterable[str | os.PathLike[str]], *, only_dicom: bool = False) -> FoundFiles:
    """Find the files that paths mean.

    A named file is always meant. Of a folder, at any depth and through links, those are whose name or content is that
    of an image, and those whose content cannot be looked at; DICOM files by their content alone, since archives name
    them by UIDs. A pattern means what it matches; where it matches nothing, the name itself.

    Parameters
    ----------
    paths : iterable of path
    only_dicom : bool
        Skip images of folders that are not DICOM.
    """
    images: dict[Path, Path] = {}
    skips: dict[Path, Skip] = {}
    unreadable: dict[Path, FolderEntry] = {}
    for entry, named in _meant(paths):
        real = entry.path.absolute()
        if named:
            skips.pop(real, None)
        elif real in skips or real in images:
            continue
        if entry.kind is EntryKind.UNREADABLE:
            unreadable.setdefault(real, entry)
            continue
        skip = None if named else _skip_of(entry, only_dicom)
        if skip is None:
            images.setdefault(real, entry.path)
        else:
            skips[real] = skip
    return FoundFiles(
        tuple(images.values()), MappingProxyType(Counter(skips.values())), tuple(unreadable.values())
    )


def skip_of(name: str, head: bytes, *, only_dicom: bool = False) -> Skip | None:
    """Return why a file that was found in a folder is skipped; None where it is meant as an image.

    Parameters
    ----------
    name : str
        Of the file.
    head : bytes
        Its first `HEAD_BYTES` bytes.
    only_dicom : bool
        Skip images that are not DICOM.
    """
    if is_litter_name(name):
        return Skip.LITTER
    if is_dicom(head):
        sop_class = stored_class(head)
        if sop_class == DICOMDIR or name.upper() == "DICOMDIR":
            return Skip.DICOMDIR
        return Skip.REPORT if holds_no_image(sop_class) else None
    if is_raster(head) or _is_named_as_image(name) or other_image_kind(head) is not None:
        return Skip.NOT_DICOM if only_dicom else None
    is_archive = Path(name).suffix.lower() in _ARCHIVE_SUFFIXES or archive_kind(head) in _NEVER_DOCUMENTS
    return Skip.ARCHIVE if is_archive else Skip.NO_IMAGE


def has_image_suffix(name: str) -> bool:
    """Whether a file's name ends as that of an image."""
    suffix = Path(name).suffix.lower()
    return suffix in RASTER_SUFFIXES or suffix in _OTHER_SUFFIXES


def _is_named_as_image(name: str) -> bool:
    return has_image_suffix(name) or _OBJECT_NAME.fullmatch(name) is not None


def _skip_of(entry: FolderEntry, only_dicom: bool) -> Skip | None:
    match entry.kind:
        case EntryKind.LITTER:
            return Skip.LITTER
        case EntryKind.SPECIAL:
            return Skip.SPECIAL
        case EntryKind.REPEATED:
            return Skip.REPEATED
    if entry.path.suffix.lower() in RASTER_SUFFIXES and not only_dicom:
        return None  # whatever it holds; opening each of 100,000 files for their heads would take seconds
    try:
        with entry.path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, ValueError):
        return None  # reading it will tell why it cannot be read
    return skip_of(entry.path.name, head, only_dicom=only_dicom)


def _meant(paths: Iterable[str | os.PathLike[str]]) -> Iterator[tuple[FolderEntry, bool]]:
    """Yield entries, and whether they were named."""
    entered = set[FolderIdentity]()
    for path in (os.fspath(path) for path in paths):
        if not os.path.lexists(path) and glob.has_magic(path):
            matches = sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207 - patterns may be absolute
        else:
            matches = [path]
        for match in matches:
            if os.path.isdir(match):  # noqa: PTH112 - Path.is_dir raises where a folder above cannot be entered
                yield from ((entry, False) for entry in walk_folder(Path(match), entered))
            else:
                yield FolderEntry(Path(match), EntryKind.FILE), True
