"""Any supported data set folder, or a CSV manifest, to one Manifest."""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from neumo.core.errors import DatasetError, ManifestError
from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.manifest import (
    KNOWN_COLUMNS,
    NO_ATTRIBUTES,
    REQUIRED_COLUMNS,
    SPLITS,
    Entry,
    Manifest,
    parse_finding,
)
from neumo.imaging.raster import RASTER_SUFFIXES, open_header

SYNTHETIC_MARKER = "SYNTHETIC.json"
"""A folder that holds this file is a set of phantoms; everything made from it says so."""

_BLOCK = 1024
"""Images measured together."""

_SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
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
_IGNORED = frozenset({".ds_store", "thumbs.db", "__macosx", "attribution.txt", SYNTHETIC_MARKER.lower()})

# Kaggle: person1_bacteria_2.jpeg, IM-0115-0001.jpeg, NORMAL2-IM-0588-0001-0002.jpeg.
# The authors' archive: BACTERIA-1008087-0001.jpeg, VIRUS-..., NORMAL-....
_KAGGLE_PNEUMONIA = re.compile(r"(?P<patient>person\d+)_(?P<kind>bacteria|virus)_", re.IGNORECASE)
_KAGGLE_NORMAL = re.compile(r"(?P<patient>(?:NORMAL\d+-)?IM-\d+)-", re.IGNORECASE)
_AUTHORS = re.compile(r"(?P<kind>BACTERIA|VIRUS|NORMAL)-(?P<patient>\d+)-\d+", re.IGNORECASE)
_KINDS = {"bacteria": Finding.BACTERIAL_PNEUMONIA, "virus": Finding.VIRAL_PNEUMONIA, "normal": Finding.NORMAL}


@dataclass(frozen=True, slots=True)
class _Labelled:
    path: str
    finding: Finding
    patient: str
    split: str
    attributes: tuple[tuple[str, str], ...] = ()


def open_dataset(path: Path) -> Manifest:
    """Read a data set into a manifest.

    Understood are a folder with three class folders, with or without train / val / test above them; the
    Kaggle layout (NORMAL and PNEUMONIA, the subtype in the file name) and the authors' archive; and a CSV
    with the columns path and finding, and optionally patient, split and any attribute (age, sex, view,
    source). Files are hashed and their headers read for the size; nothing is decoded, so an image that
    cannot be read is still an entry (its width and height are 0).

    Patient groups: the number in the file name, namespaced by split folder and class folder, because
    numbers restart between train and test and recur between normal and pneumonia; bacterial and viral
    images of one number stay together. An image whose name holds no number is a group of its own.

    Raises
    ------
    DatasetError
        The folder is missing or empty, holds an unknown class folder, or a class has no image.
    ManifestError
        The CSV lacks a column, holds an unknown label or split, or names a file that is not there.
    """
    if not path.exists():
        raise DatasetError(f"{path}: no such folder or manifest; give a data set folder or a CSV file")
    if path.is_file():
        root, labelled = path.parent, list(_from_csv(path))
    else:
        root, labelled = path, list(_from_folders(path))
    if not labelled:
        raise DatasetError(f"{path}: holds no image; expected PNG or JPEG files in class folders")
    _require_every_class(path, labelled)
    labelled.sort(key=lambda item: item.path)
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) * 2)) as pool:
        # Block by block: a pool makes a task of every item at once, which costs more than the entries.
        blocks = (labelled[start : start + _BLOCK] for start in range(0, len(labelled), _BLOCK))
        entries = tuple(
            entry for block in blocks for entry in pool.map(lambda item: _measured(root, item), block)
        )
    return Manifest(root=root.resolve(), entries=entries, synthetic=(root / SYNTHETIC_MARKER).is_file())


def _require_every_class(path: Path, labelled: list[_Labelled]) -> None:
    present = {item.finding for item in labelled}
    missing = [finding for finding in FINDINGS if finding not in present]
    if missing:
        raise DatasetError(f"{path}: no image of {', '.join(missing)}; all three classes are needed")


def _measured(root: Path, item: _Labelled) -> Entry:
    file = root / item.path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetError(f"{file}: cannot be read ({error.strerror}); check its permissions") from error
    width, height = _header_size(content, file)
    return Entry(
        path=item.path,
        finding=item.finding,
        patient=item.patient,
        split=item.split,
        width=width,
        height=height,
        sha256=hashlib.sha256(content).hexdigest(),
        attributes=MappingProxyType(dict(item.attributes)) if item.attributes else NO_ATTRIBUTES,
    )


def _header_size(content: bytes, file: Path) -> tuple[int, int]:
    try:
        with open_header(io.BytesIO(content), file) as image:
            return image.size
    except (OSError, SyntaxError, ValueError):
        return 0, 0


# --- folders -------------------------------------------------------------------------------------------


def _from_folders(root: Path) -> Iterator[_Labelled]:
    folders = _subfolders(root)
    if not folders:
        raise DatasetError(
            f"{root}: holds no class folder; expected {', '.join(FINDINGS)} or NORMAL and PNEUMONIA"
        )
    splits = {
        folder: _SPLIT_FOLDERS[folder.name.lower()]
        for folder in folders
        if folder.name.lower() in _SPLIT_FOLDERS
    }
    if splits and len(splits) != len(folders):
        strange = sorted(folder.name for folder in folders if folder not in splits)
        raise DatasetError(
            f"{root}: unknown folder {', '.join(strange)} beside {', '.join(sorted(f.name for f in splits))}; "
            "keep split folders and other folders apart"
        )
    if not splits:
        yield from _from_class_folders(root, root, "")
    for folder, split in splits.items():
        yield from _from_class_folders(root, folder, split)


def _from_class_folders(root: Path, parent: Path, split: str) -> Iterator[_Labelled]:
    folders = _subfolders(parent)
    if not folders:
        raise DatasetError(
            f"{parent}: holds no class folder; expected {', '.join(FINDINGS)} or NORMAL and PNEUMONIA"
        )
    for folder in folders:
        name = folder.name.upper().replace(" ", "_").replace("-", "_")
        finding = _CLASS_FOLDERS.get(name)
        if finding is None and name != _PNEUMONIA_FOLDER:
            raise DatasetError(
                f"{folder}: unknown class folder {folder.name!r}; use {', '.join(FINDINGS)}, or NORMAL and PNEUMONIA"
            )
        files = _images(folder)
        if not files:
            raise DatasetError(f"{folder}: the class folder holds no PNG or JPEG image")
        for file in files:
            relative = file.relative_to(root).as_posix()
            label = finding if finding is not None else _kind_in_name(file)
            yield _Labelled(relative, label, patient_group(relative, label, split), split)


def _kind_in_name(file: Path) -> Finding:
    match = _KAGGLE_PNEUMONIA.match(file.name) or _AUTHORS.match(file.name)
    kind = _KINDS[match["kind"].lower()] if match else None
    if kind is None or kind is Finding.NORMAL:
        raise DatasetError(
            f"{file}: the file name does not say bacteria or virus (as in person1_bacteria_2.jpeg or "
            "VIRUS-1008087-0001.jpeg); sort the images into three class folders or write a CSV manifest"
        )
    return kind


def patient_group(path: str, finding: Finding, split: str) -> str:
    """Return the namespaced patient group of an image, from its file name; the path where the name holds none."""
    name = PurePosixPath(path).name
    match = _KAGGLE_PNEUMONIA.match(name) or _KAGGLE_NORMAL.match(name) or _AUTHORS.match(name)
    folder = "NORMAL" if finding is Finding.NORMAL else _PNEUMONIA_FOLDER
    return "/".join(filter(None, (split, folder, match["patient"]))) if match else path


def _subfolders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and not _ignored(p))


def _images(folder: Path) -> list[Path]:
    return sorted(
        p
        for p in folder.rglob("*")
        if p.suffix.lower() in RASTER_SUFFIXES and p.is_file() and not _ignored(p)
    )


def _ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _IGNORED


# --- CSV -----------------------------------------------------------------------------------------------


def _from_csv(source: Path) -> Iterator[_Labelled]:
    try:
        with source.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = [name.strip() for name in reader.fieldnames or []]
            missing = [name for name in REQUIRED_COLUMNS if name not in columns]
            if missing:
                raise ManifestError(
                    f"{source}: missing column {', '.join(missing)}; found {', '.join(columns) or 'none'}"
                )
            reader.fieldnames = columns
            seen: dict[str, int] = {}
            for row in reader:
                yield _from_row(source, reader.line_num, row, seen)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{source}: is not a CSV file in UTF-8 ({error})") from error


def _from_row(source: Path, line: int, row: dict[str, str | None], seen: dict[str, int]) -> _Labelled:
    where = f"{source}, line {line}"
    value = {name: (text or "").strip() for name, text in row.items() if isinstance(name, str)}
    path = value["path"]
    if not path or not (source.parent / path).is_file():
        raise ManifestError(f"{where}: the file {path!r} is not there; paths are relative to {source.parent}")
    if path in seen:
        raise ManifestError(f"{where}: {path!r} stands already in line {seen[path]}; list each image once")
    seen[path] = line
    split = value.get("split", "").lower()
    if split and split not in _SPLIT_FOLDERS:
        raise ManifestError(f"{where}: unknown split {split!r}; use {', '.join(SPLITS)} or leave it empty")
    split = _SPLIT_FOLDERS.get(split, "")
    finding = parse_finding(value["finding"], where)
    patient = value.get("patient") or patient_group(path, finding, split)
    extra = tuple((name, text) for name, text in value.items() if name not in KNOWN_COLUMNS)
    return _Labelled(PurePosixPath(path).as_posix(), finding, patient, split, extra)
