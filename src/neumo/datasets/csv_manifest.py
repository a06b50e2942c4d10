"""Rows of a CSV manifest, checked one by one, every fault with its line."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from neumo.core.ages import OLDEST, age_in_years
from neumo.core.errors import ManifestError
from neumo.core.labels import LABELS, Label, parse_label
from neumo.core.message import Message, joined
from neumo.datasets.manifest import COLUMNS, SPLITS

MAX_SHOWN_FAULTS = 20
SPLIT_NAMES: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
"""Names of folders and values of the column split, in lower case, and the part that they mean."""

_LABEL_COLUMNS = ("label", "finding")
"""The column of the label, and its older name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One image that a folder or a CSV manifest lists; nothing of its file is read yet.

    Attributes
    ----------
    path : str
        POSIX path relative to the folder of the data set.
    label : Label
    patient : str
        As written; empty where none is stated.
    split : str
    attributes : mapping of str to str
    line : int
        Line of the CSV file; 0 for images of a folder.
    """

    path: str
    label: Label
    patient: str
    split: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def source(self) -> str:
        """Hospital or archive; empty where none is stated."""
        return self.attributes.get("source", "")


def read_csv_rows(source: Path, root: Path | None = None) -> tuple[list[Listed], list[str]]:
    """Read the images that a CSV manifest lists, and the faults of the other rows ("line 3: ...").

    Parameters
    ----------
    source : Path
    root : Path, optional
        Folder that the paths start from and may not leave. Without it they start from the folder of the CSV file, and
        may lead anywhere.

    Raises
    ------
    ManifestError
        The file is no CSV in UTF-8 or lacks a column.
    """
    rows: list[Listed] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    try:
        with source.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = [name.strip() for name in reader.fieldnames or []]
            label_column = _require_columns(source, columns)
            reader.fieldnames = columns
            for raw in reader:
                row = {name: (text or "").strip() for name, text in raw.items() if isinstance(name, str)}
                wrong = _row_faults(root or source.parent, row, row[label_column], seen, reader.line_num)
                if root is not None and not wrong and not _is_within(root, root / row["path"]):
                    wrong = [
                        Message("the file {path!r} lies outside {folder}", path=row["path"], folder=root)
                    ]
                faults += [
                    Message("line {line}: {fault}", line=reader.line_num, fault=fault) for fault in wrong
                ]
                if not wrong:
                    rows.append(_listed(row, label_column, reader.line_num))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(
            "{source}: is not a CSV file in UTF-8 ({error})", source=source, error=error
        ) from error
    return rows, faults


def _is_within(root: Path, file: Path) -> bool:
    return file.resolve().is_relative_to(root.resolve())


def raise_faults(source: Path, faults: Sequence[str]) -> None:
    """Raise ManifestError with every fault, or with the first twenty and the number of the rest."""
    if not faults:
        return
    if len(faults) == 1:
        raise ManifestError("{source}, {fault}", source=source, fault=faults[0])
    raise ManifestError(
        "{source}: {count:,} faults\n  {shown}", source=source, count=len(faults), shown=shown_faults(faults)
    )


def shown_faults(faults: Sequence[str]) -> Message:
    """Return the first twenty faults, a line each, and the number of the rest."""
    shown, rest = list(faults[:MAX_SHOWN_FAULTS]), len(faults) - MAX_SHOWN_FAULTS
    return joined("\n  ", [*shown, *([Message("and {rest:,} more", rest=rest)] if rest > 0 else [])])


def _require_columns(source: Path, columns: Sequence[str]) -> str:
    """Return the name of the label's column."""
    label = next((name for name in _LABEL_COLUMNS if name in columns), None)
    missing = [
        name for name, there in (("path", "path" in columns), ("label", label is not None)) if not there
    ]
    if label is None or missing:
        raise ManifestError(
            "{source}: missing column {missing}; found {columns}",
            source=source,
            missing=", ".join(missing),
            columns=", ".join(columns) or Message("none"),
        )
    return label


def _row_faults(
    folder: Path, row: Mapping[str, str], label: str, seen: dict[str, int], line: int
) -> list[str]:
    faults: list[str] = []
    path = row["path"]
    if not path or not (folder / path).is_file():
        faults.append(
            Message(
                "the file {path!r} is not there; paths are relative to {folder}", path=path, folder=folder
            )
        )
    elif path in seen:
        faults.append(
            Message(
                "{path!r} stands already in line {line}; list each image once", path=path, line=seen[path]
            )
        )
    else:
        seen[path] = line
    if parse_label(label) is None:
        faults.append(
            Message("unknown label {label!r}; use one of {labels}", label=label, labels=", ".join(LABELS))
        )
    split = row.get("split", "")
    if split and split.lower() not in SPLIT_NAMES:
        faults.append(
            Message(
                "unknown split {split!r}; use {splits} or leave it empty",
                split=split,
                splits=", ".join(SPLITS),
            )
        )
    age = row.get("age", "")
    if age and age_in_years(age) is None:
        faults.append(
            Message(
                "the age {age!r} is none from 0 to {oldest:g} years; write years (43), 043Y or 8 months, "
                "or leave it empty",
                age=age,
                oldest=OLDEST,
            )
        )
    return faults


def _listed(row: Mapping[str, str], label_column: str, line: int) -> Listed:
    label = parse_label(row[label_column])
    assert label is not None, "checked by _row_faults"
    known = {*COLUMNS, label_column}
    return Listed(
        path=PurePosixPath(row["path"]).as_posix(),
        label=label,
        patient=row.get("patient", ""),
        split=SPLIT_NAMES.get(row.get("split", "").lower(), ""),
        attributes={name: text for name, text in row.items() if text and name not in known},
        line=line,
    )
