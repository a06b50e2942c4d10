"""Which files are meant by paths, folders and patterns."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from neumo.imaging.dicom.recognise import is_dicom

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom"})
_DICOM_HEAD = 132


def find_files(paths: Sequence[str]) -> Iterator[Path]:
    """Yield the files that paths mean, in order, each once.

    A named file is always meant. Of a folder, at any depth and through links, those with an image's suffix, and
    those without any suffix that are DICOM. A pattern means what it matches; where it matches nothing, the name itself.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _meant(path):
            real = file.absolute()
            if real not in seen:
                seen.add(real)
                yield file


def _meant(path: str) -> Iterator[Path]:
    given = Path(path)
    if given.is_dir():
        yield from _in_folder(given)
    elif not given.exists() and glob.has_magic(path):
        for match in sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 - patterns may be absolute
            yield from _in_folder(Path(match)) if Path(match).is_dir() else [Path(match)]
    else:
        yield given


def _in_folder(folder: Path) -> Iterator[Path]:
    visited: set[Path] = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = Path(root).resolve()
        if real in visited:  # a link back to where we have been
            folders.clear()
            continue
        visited.add(real)
        folders.sort()
        yield from (Path(root) / name for name in sorted(names) if _is_image(Path(root) / name))


def _is_image(file: Path) -> bool:
    if file.suffix:
        return file.suffix.lower() in _SUFFIXES
    try:
        with file.open("rb") as stream:
            return is_dicom(stream.read(_DICOM_HEAD))
    except OSError:
        return False
