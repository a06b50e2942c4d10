"""Open any supported data set folder, or a CSV manifest, as one Manifest."""

import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from neumo.core.errors import DatasetError
from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.csv_manifest import SPLIT_NAMES, Listed, raise_faults, read_csv_rows
from neumo.datasets.labels import Label
from neumo.datasets.manifest import NO_ATTRIBUTES, Entry, Manifest
from neumo.datasets.public_layouts import public_images
from neumo.imaging.raster import RASTER_SUFFIXES, open_header

SYNTHETIC_MARKER = "SYNTHETIC.json"
"""A folder that holds this file is a set of phantoms; everything made from it says so."""

_BLOCK = 1024
"""Images measured together."""

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


def open_dataset(path: Path) -> Manifest:
    """Read a data set into a manifest.

    Understood are a folder with three class folders, with or without train / val / test above them; the
    Kaggle layout (NORMAL and PNEUMONIA, the subtype in the file name) and the authors' archive; the collections
    of `neumo.datasets.public_layouts`; and a CSV
    with the columns path and label, and optionally patient, split and any attribute (source, age, sex, view,
    label_basis). Files are hashed and their headers read for the size; nothing is decoded, so an image that
    cannot be read is still an entry (its width and height are 0).

    Patient groups: the number in the file name, namespaced by split folder and class folder, because
    numbers restart between train and test and recur between normal and pneumonia; bacterial and viral
    images of one number stay together. An image whose name holds no number is a group of its own.

    Raises
    ------
    DatasetError
        The folder is missing or empty, holds an unknown class folder, or a class has no image (where no
        label is partial).
    ManifestError
        The CSV lacks a column, or rows have faults: unknown labels, splits or ages, missing files, a patient in
        two sources. All are listed, with their lines.
    """
    root = path.parent if path.is_file() else path
    listed, faults = listed_images(path)
    raise_faults(path, faults)
    _require_every_class(path, listed)
    entries = measured(root, listed)
    return Manifest(root=root.resolve(), entries=entries, synthetic=is_synthetic(root, entries))


def listed_images(path: Path) -> tuple[list[Listed], list[str]]:
    """List the images of a data set without opening them, and the faults of a CSV's rows ("line 3: ...").

    Raises
    ------
    DatasetError, ManifestError
        As in `open_dataset`, for what is no fault of a row.
    """
    if not path.exists():
        raise DatasetError(f"{path}: no such folder or manifest; give a data set folder or a CSV file")
    if path.is_file():
        rows, faults = read_csv_rows(path)
    else:
        rows, faults = public_images(path) or list(_from_folders(path)), []
    if not rows and not faults:
        raise DatasetError(f"{path}: holds no image; expected PNG or JPEG files in class folders")
    rows = [
        row if row.patient else replace(row, patient=patient_group(row.path, row.label, row.split))
        for row in rows
    ]
    return rows, [*faults, *patients_in_two_sources(rows)]


def patients_in_two_sources(rows: Sequence[Listed], places: Sequence[str] | None = None) -> list[str]:
    """Faults of patient ids that stand in more than one source; `places` names each row, by default by its line."""
    first: dict[str, tuple[str, str]] = {}
    faults: dict[str, str] = {}
    for row, place in zip(rows, places or [f"line {row.line}" for row in rows], strict=True):
        source, there = first.setdefault(row.patient, (row.source, place))
        if source != row.source:
            faults.setdefault(
                row.patient,
                f"{place}: the patient {row.patient!r} of source {row.source!r} stands in source {source!r} too "
                f"({there}); put the source before the id, as in {row.source}:{row.patient}",
            )
    return list(faults.values())


def measured(root: Path, listed: Sequence[Listed]) -> tuple[Entry, ...]:
    """Entries sorted by path, with the digest and size of each file. Raises DatasetError where one cannot be read."""
    ordered = sorted(listed, key=lambda item: item.path)
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) * 2)) as pool:
        # Block by block: a pool makes a task of every item at once, which costs more than the entries.
        blocks = (ordered[start : start + _BLOCK] for start in range(0, len(ordered), _BLOCK))
        return tuple(
            entry for block in blocks for entry in pool.map(lambda item: _measured(root, item), block)
        )


def is_synthetic(root: Path, entries: Iterable[Entry]) -> bool:
    """Whether the images are phantoms: the marker lies in their data set's folder, or beside the manifest."""
    folders = {(root / entry.path).parent for entry in entries}
    near = {folder for each in folders for folder in (each, *list(each.parents)[:2])}
    return any((folder / SYNTHETIC_MARKER).is_file() for folder in near | {root})


def _require_every_class(path: Path, listed: Sequence[Listed]) -> None:
    present = {item.label for item in listed}
    missing = [finding for finding in FINDINGS if finding not in present]
    if missing and present <= set(FINDINGS):
        raise DatasetError(f"{path}: no image of {', '.join(missing)}; all three classes are needed")


def _measured(root: Path, item: Listed) -> Entry:
    file = root / item.path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetError(f"{file}: cannot be read ({error.strerror}); check its permissions") from error
    width, height = _header_size(content, file)
    return Entry(
        path=item.path,
        label=item.label,
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


def _from_folders(root: Path) -> Iterator[Listed]:
    folders = _subfolders(root)
    if not folders:
        raise DatasetError(
            f"{root}: holds no class folder; expected {', '.join(FINDINGS)} or NORMAL and PNEUMONIA"
        )
    splits = {
        folder: SPLIT_NAMES[folder.name.lower()] for folder in folders if folder.name.lower() in SPLIT_NAMES
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


def _from_class_folders(root: Path, parent: Path, split: str) -> Iterator[Listed]:
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
            yield Listed(relative, label, patient_group(relative, label, split), split)


def _kind_in_name(file: Path) -> Finding:
    match = _KAGGLE_PNEUMONIA.match(file.name) or _AUTHORS.match(file.name)
    kind = _KINDS[match["kind"].lower()] if match else None
    if kind is None or kind is Finding.NORMAL:
        raise DatasetError(
            f"{file}: the file name does not say bacteria or virus (as in person1_bacteria_2.jpeg or "
            "VIRUS-1008087-0001.jpeg); sort the images into three class folders or write a CSV manifest"
        )
    return kind


def patient_group(path: str, label: Label, split: str) -> str:
    """Return the namespaced patient group of an image, from its file name; the path where the name holds none."""
    name = PurePosixPath(path).name
    match = _KAGGLE_PNEUMONIA.match(name) or _KAGGLE_NORMAL.match(name) or _AUTHORS.match(name)
    folder = "NORMAL" if label is Finding.NORMAL else _PNEUMONIA_FOLDER
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
