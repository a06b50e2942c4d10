"""The images of a folder that has a subfolder for each class, with or without parts (train, val, test) above them."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from neumo.core.errors import DatasetError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.folders import is_litter_name
from neumo.core.labels import Label
from neumo.datasets.csv_manifest import SPLIT_NAMES, Listed
from neumo.imaging.image_files import FoundFiles, find_images

_CLASS_FOLDERS = {
    "NORMAL": Finding.NORMAL,
    "BACTERIAL_PNEUMONIA": Finding.BACTERIAL_PNEUMONIA,
    "BACTERIAL": Finding.BACTERIAL_PNEUMONIA,
    "BACTERIA": Finding.BACTERIAL_PNEUMONIA,
    "VIRAL_PNEUMONIA": Finding.VIRAL_PNEUMONIA,
    "VIRAL": Finding.VIRAL_PNEUMONIA,
    "VIRUS": Finding.VIRAL_PNEUMONIA,
}
_PNEUMONIA_FOLDER = "PNEUMONIA"

# Kaggle: person1_bacteria_2.jpeg, IM-0115-0001.jpeg, NORMAL2-IM-0588-0001-0002.jpeg.
# The authors' archive: BACTERIA-1008087-0001.jpeg, VIRUS-..., NORMAL-....
_KAGGLE_PNEUMONIA = re.compile(r"(?P<patient>person\d+)_(?P<kind>bacteria|virus)_", re.IGNORECASE)
_KAGGLE_NORMAL = re.compile(r"(?P<patient>(?:NORMAL\d+-)?IM-\d+)-", re.IGNORECASE)
_AUTHORS = re.compile(r"(?P<kind>BACTERIA|VIRUS|NORMAL)-(?P<patient>\d+)-\d+", re.IGNORECASE)
_KINDS = {"bacteria": Finding.BACTERIAL_PNEUMONIA, "virus": Finding.VIRAL_PNEUMONIA, "normal": Finding.NORMAL}


def images_of_class_folders(root: Path) -> tuple[list[Listed], FoundFiles]:
    """List the images of a folder's class folders, and say what else lies in them.

    Raises
    ------
    DatasetError
        It holds no class folder, one that is not known, or one without images; or a file's name does not say its class.
    """
    rows, found = list[Listed](), FoundFiles()
    for folder, split in _class_folders(root):
        in_folder = find_images([folder])
        found += in_folder
        if not in_folder.images and not in_folder.unreadable:
            raise DatasetError("{folder}: the class folder holds no image", folder=folder)
        rows += (_listed(root, folder, file, split) for file in in_folder.images)
    return rows, found


def _class_folders(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the class folders, each with the part that it belongs to."""
    folders = _subfolders(root)
    if not folders:
        raise DatasetError(
            "{root}: holds no class folder; expected {findings} or NORMAL and PNEUMONIA",
            root=root,
            findings=", ".join(FINDINGS),
        )
    splits = {
        folder: SPLIT_NAMES[folder.name.lower()] for folder in folders if folder.name.lower() in SPLIT_NAMES
    }
    if splits and len(splits) != len(folders):
        strange = sorted(folder.name for folder in folders if folder not in splits)
        raise DatasetError(
            "{root}: unknown folder {strange} beside {splits}; keep split folders and other folders apart",
            root=root,
            strange=", ".join(strange),
            splits=", ".join(sorted(f.name for f in splits)),
        )
    for parent, split in (splits or {root: ""}).items():
        folders = _subfolders(parent)
        if not folders:
            raise DatasetError(
                "{parent}: holds no class folder; expected {findings} or NORMAL and PNEUMONIA",
                parent=parent,
                findings=", ".join(FINDINGS),
            )
        for folder in folders:
            _class_of(folder)
            yield folder, split


def _class_of(folder: Path) -> Finding | None:
    """Return the class that a folder's name says; None for pneumonia. Raises DatasetError where it says none."""
    name = folder.name.upper().replace(" ", "_").replace("-", "_")
    finding = _CLASS_FOLDERS.get(name)
    if finding is None and name != _PNEUMONIA_FOLDER:
        raise DatasetError(
            "{folder}: unknown class folder {name!r}; use {findings}, or NORMAL and PNEUMONIA",
            folder=folder,
            name=folder.name,
            findings=", ".join(FINDINGS),
        )
    return finding


def _listed(root: Path, folder: Path, file: Path, split: str) -> Listed:
    relative = file.relative_to(root).as_posix()
    label = _class_of(folder) or _kind_in_name(file)
    return Listed(relative, label, patient_group(relative, label, split), split)


def _kind_in_name(file: Path) -> Finding:
    match = _KAGGLE_PNEUMONIA.match(file.name) or _AUTHORS.match(file.name)
    kind = _KINDS[match["kind"].lower()] if match else None
    if kind is None or kind is Finding.NORMAL:
        raise DatasetError(
            "{file}: the file name does not say bacteria or virus (as in person1_bacteria_2.jpeg "
            "or VIRUS-1008087-0001.jpeg); sort the images into three class folders or write a "
            "CSV manifest",
            file=file,
        )
    return kind


def patient_group(path: str, label: Label, split: str) -> str:
    """Return the namespaced patient group of an image, from its file name; the path where the name holds none."""
    name = PurePosixPath(path).name
    match = _KAGGLE_PNEUMONIA.match(name) or _KAGGLE_NORMAL.match(name) or _AUTHORS.match(name)
    folder = "NORMAL" if label is Finding.NORMAL else _PNEUMONIA_FOLDER
    return "/".join(filter(None, (split, folder, match["patient"]))) if match else path


def _subfolders(parent: Path) -> list[Path]:
    try:
        return sorted(p for p in parent.iterdir() if p.is_dir() and not is_litter_name(p.name, folder=True))
    except OSError as error:
        raise DatasetError(
            "{parent}: cannot be searched ({reason}); check its permissions",
            parent=parent,
            reason=error.strerror,
        ) from error
