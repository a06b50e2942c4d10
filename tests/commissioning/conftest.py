"""A site of phantoms: a tiny bundle, and a table of images that it has not seen."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.datasets.layout import open_dataset

Rows = Sequence[Mapping[str, str]]
Table = Callable[[Rows, str], Path]


@pytest.fixture(scope="session")
def site_bundle_base(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("base") / "tiny", phantoms)


@pytest.fixture(scope="session")
def local_rows(phantoms: Path) -> list[dict[str, str]]:
    """60 phantoms, each of a patient of its own, half of them seen by each of two devices."""
    entries = open_dataset(phantoms).entries
    return [
        {
            "path": str(phantoms / entry.path),
            "label": entry.label.value,
            "patient": f"p{number}",
            "age": str(1 + number % 5),
            "sex": "FM"[number % 2],
            "view": "AP",
            "device": f"unit {number % 2}",
        }
        for number, entry in enumerate(entries)
    ]


def write_rows(file: Path, rows: Rows) -> Path:
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file
