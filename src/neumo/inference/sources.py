"""The files that paths, folders and patterns of a command mean."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from neumo.core.folders import walk_files
from neumo.imaging.dicom.recognise import is_dicom_file

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom"})


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
    return filter(_is_image, walk_files(folder, follow_links=True))


def _is_image(file: Path) -> bool:
    if file.suffix:
        return file.suffix.lower() in _SUFFIXES
    try:
        return is_dicom_file(file)
    except OSError:
        return False
