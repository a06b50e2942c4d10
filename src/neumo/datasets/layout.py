"""Open any supported data set folder, or a CSV manifest, as one Manifest."""

import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from neumo.core.errors import DatasetError
from neumo.core.findings import FINDINGS
from neumo.core.message import Message
from neumo.core.names import is_text, shown_path
from neumo.datasets.class_folders import images_of_class_folders, patient_group
from neumo.datasets.csv_manifest import Listed, raise_faults, read_csv_rows
from neumo.datasets.manifest import NO_ATTRIBUTES, Entry, Manifest
from neumo.datasets.public_layouts import public_images
from neumo.imaging.image_files import FoundFiles
from neumo.imaging.open import ImageFile
from neumo.imaging.raster import is_raster, open_header

SYNTHETIC_MARKER = "SYNTHETIC.json"
"""A folder that holds this file is a set of phantoms; everything made from it says so."""

_BLOCK = 1024
"""Images measured together."""


@dataclass(frozen=True)
class Listing:
    """The images that a data set lists; nothing of their files is read yet.

    Attributes
    ----------
    rows : list of Listed
    faults : list of str
        Of a CSV's rows ("line 3: ...").
    files : FoundFiles
        What else lies in the folders that were searched; empty for a CSV.
    """

    rows: list[Listed]
    faults: list[str] = field(default_factory=list)
    files: FoundFiles = field(default_factory=FoundFiles)


def open_dataset(path: Path, *, incomplete: bool = False) -> Manifest:
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

    Parameters
    ----------
    path : Path
    incomplete : bool
        Go on without the folders that cannot be searched, which the manifest's `files` names; files that cannot be read
        are entries like those that cannot be decoded.

    Raises
    ------
    DatasetError
        The folder is missing or empty, holds an unknown class folder or one that cannot be searched, or a class has no
        image (where no label is partial).
    ManifestError
        The CSV lacks a column, or rows have faults: unknown labels, splits or ages, missing files, a patient in
        two sources. All are listed, with their lines.
    """
    root = path.parent if path.is_file() else path
    listing = listed_images(path)
    raise_faults(path, listing.faults)
    if not incomplete:
        _require_searched(listing.files)
    _require_every_class(path, listing.rows)
    entries = measured(root, listing.rows, incomplete=incomplete)
    return Manifest(
        root=root.resolve(), entries=entries, synthetic=is_synthetic(root, entries), files=listing.files
    )


def listed_images(path: Path) -> Listing:
    """List the images of a data set without reading them.

    Raises
    ------
    DatasetError, ManifestError
        As in `open_dataset`, for what is no fault of a row.
    """
    if not path.exists():
        raise DatasetError(
            "{path}: no such folder or manifest; give a data set folder or a CSV file", path=path
        )
    faults, files = list[str](), FoundFiles()
    if path.is_file():
        rows, faults = read_csv_rows(path)
    else:
        rows, files = public_images(path) or images_of_class_folders(path)
    if not rows and not faults:
        raise DatasetError("{path}: holds no image; expected images in class folders", path=path)
    rows = [
        row if row.patient else replace(row, patient=patient_group(row.path, row.label, row.split))
        for row in rows
    ]
    _require_names(rows)
    return Listing(rows, [*faults, *patients_in_two_sources(rows)], files)


def patients_in_two_sources(rows: Sequence[Listed], places: Sequence[str] | None = None) -> list[str]:
    """Faults of patient ids that stand in more than one source; `places` names each row, by default by its line."""
    first: dict[str, tuple[str, str]] = {}
    faults: dict[str, str] = {}
    for row, place in zip(
        rows, places or [Message("line {line}", line=row.line) for row in rows], strict=True
    ):
        source, there = first.setdefault(row.patient, (row.source, place))
        if source != row.source:
            faults.setdefault(
                row.patient,
                Message(
                    "{place}: the patient {patient!r} of source {own!r} stands in source {source!r} too ({there}); "
                    "put the source before the id, as in {own}:{patient}",
                    place=place,
                    patient=row.patient,
                    own=row.source,
                    source=source,
                    there=there,
                ),
            )
    return list(faults.values())


def measured(root: Path, listed: Sequence[Listed], *, incomplete: bool = False) -> tuple[Entry, ...]:
    """Entries sorted by path, with the digest and size of each file.

    Raises
    ------
    DatasetError
        One cannot be read; with `incomplete` its digest is that of nothing.
    """
    ordered = sorted(listed, key=lambda item: item.path)
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) * 2)) as pool:
        # Block by block: a pool makes a task of every item at once, which costs more than the entries.
        blocks = (ordered[start : start + _BLOCK] for start in range(0, len(ordered), _BLOCK))
        return tuple(
            entry
            for block in blocks
            for entry in pool.map(lambda item: _measured(root, item, incomplete), block)
        )


def is_synthetic(root: Path, entries: Iterable[Entry]) -> bool:
    """Whether the images are phantoms: the marker lies in their data set's folder, or beside the manifest."""
    folders = {(root / entry.path).parent for entry in entries}
    near = {folder for each in folders for folder in (each, *list(each.parents)[:2])}
    return any((folder / SYNTHETIC_MARKER).is_file() for folder in near | {root})


def _require_searched(files: FoundFiles) -> None:
    for entry in files.unreadable:
        raise DatasetError(
            "{path}: cannot be searched ({reason}); check its permissions",
            path=entry.path,
            reason=entry.reason,
        )


def _require_names(rows: Sequence[Listed]) -> None:
    """Raise DatasetError for a name that no manifest can hold, since it is no text."""
    for row in rows:
        if not is_text(row.path):
            raise DatasetError("{path}: the file's name is not UTF-8; rename it", path=shown_path(row.path))


def _require_every_class(path: Path, listed: Sequence[Listed]) -> None:
    present = {item.label for item in listed}
    missing = [finding for finding in FINDINGS if finding not in present]
    if missing and present <= set(FINDINGS):
        raise DatasetError(
            "{path}: no image of {missing}; all three classes are needed",
            path=path,
            missing=", ".join(missing),
        )


def _measured(root: Path, item: Listed, incomplete: bool) -> Entry:
    file = root / item.path
    try:
        content = file.read_bytes()
    except OSError as error:
        if incomplete:
            return _entry(item, b"", (0, 0))
        raise DatasetError(
            "{file}: cannot be read ({reason}); check its permissions", file=file, reason=error.strerror
        ) from error
    return _entry(item, content, _header_size(content, file))


def _entry(item: Listed, content: bytes, size: tuple[int, int]) -> Entry:
    return Entry(
        path=item.path,
        label=item.label,
        patient=item.patient,
        split=item.split,
        width=size[0],
        height=size[1],
        sha256=hashlib.sha256(content).hexdigest(),
        attributes=MappingProxyType(dict(item.attributes)) if item.attributes else NO_ATTRIBUTES,
    )


def _header_size(content: bytes, file: Path) -> tuple[int, int]:
    """Return width and height as a header states them; (0, 0) where it cannot be read."""
    try:
        if is_raster(content):
            with open_header(io.BytesIO(content), file) as image:
                return image.size
        parsed = ImageFile(content).parsed
        return (0, 0) if parsed is None else (int(parsed.dataset.Columns), int(parsed.dataset.Rows))
    except (OSError, SyntaxError, ValueError, AttributeError, TypeError):
        return 0, 0
