"""Tables of labelled images, as `neumo commission` and `neumo bundle import` take them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from neumo.datasets.layout import open_dataset

Rows = list[dict[str, str]]


def write_rows(file: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def rows_of_phantoms(phantoms: Path) -> Rows:
    """Return path, label, patient and age of each phantom, each of a patient of its own."""
    return [
        {
            "path": str(phantoms / entry.path),
            "label": entry.label.value,
            "patient": f"p{number}",
            "age": str(1 + number % 5),
        }
        for number, entry in enumerate(open_dataset(phantoms).entries)
    ]
