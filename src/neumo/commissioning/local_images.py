"""A site's labelled images: opened from its CSV, with whatever contradicts itself named line by line."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.training_images import TrainingImages, similarities
from neumo.core.errors import CommissioningError
from neumo.core.findings import Finding
from neumo.core.labels import allowed_findings
from neumo.core.message import Message
from neumo.datasets.check.duplicates import NEAR_SIMILARITY
from neumo.datasets.csv_manifest import Listed, raise_faults, read_csv_rows, shown_faults
from neumo.datasets.layout import is_synthetic, measured, patients_in_two_sources
from neumo.datasets.manifest import Entry

MIN_PATIENTS = 5
"""Patients of each outcome below which nothing can be examined: an exact interval without an error reaches 52 %."""


@dataclass(frozen=True)
class LocalImages:
    """The images of one site.

    Attributes
    ----------
    root : Path
        Folder that the paths start from.
    entries : tuple of Entry
        Each image once, sorted by path.
    repeated : int
        Rows left out, since the same file stands in the table twice, with the same label and patient.
    synthetic : bool
        True for phantoms.
    """

    root: Path
    entries: tuple[Entry, ...]
    repeated: int
    synthetic: bool

    def files(self) -> dict[str, Path]:
        """Return each file by its SHA-256, in the order of the entries."""
        return {entry.sha256: self.root / entry.path for entry in self.entries}


def listed_local(table: Path, root: Path | None = None) -> list[Listed]:
    """Return the rows of a CSV of a site's images, of which no file is read.

    Parameters
    ----------
    table : Path
        With the columns path, label and patient, and optionally age, sex, view and device.
    root : Path, optional
        Folder that the paths start from and may not leave; without it, that of the table.

    Raises
    ------
    ManifestError
        The file is no such CSV, or rows have faults; all are listed with their lines.
    CommissioningError
        It holds images of several hospitals, or an outcome has too few patients.
    """
    if not table.is_file():
        raise CommissioningError(
            "{table}: no such CSV file; neumo commission plan --template FILE writes one to fill in",
            table=table,
        )
    rows, faults = read_csv_rows(table, root)
    faults += [
        Message(
            "line {line}: no patient; intervals and folds go by patients, so each image needs one",
            line=row.line,
        )
        for row in rows
        if not row.patient
    ]
    sources = sorted({row.source for row in rows})
    if len(sources) > 1:
        raise CommissioningError(
            "{table}: holds images of several sources ({sources}); commission each hospital by itself",
            table=table,
            sources=", ".join(map(repr, sources[:5])),
        )
    raise_faults(table, [*faults, *patients_in_two_sources(rows)])
    if not rows:
        raise CommissioningError("{table}: lists no image", table=table)
    _require_both_outcomes(table, rows)
    return rows


def open_local(table: Path, root: Path | None = None) -> LocalImages:
    """Open the images of a table, as `listed_local` takes it.

    Raises
    ------
    ManifestError
        As `listed_local`.
    CommissioningError
        Also where the table contradicts itself.
    DatasetError
        An image cannot be read from the disk.
    """
    rows, folder = listed_local(table, root), root or table.parent
    entries = measured(folder, rows)
    lines = {row.path: row.line for row in rows}
    _raise(table, _contradictions(entries, lines))
    once = {entry.sha256: entry for entry in reversed(entries)}
    kept = tuple(sorted(once.values(), key=lambda entry: entry.path))
    return LocalImages(folder.resolve(), kept, len(entries) - len(kept), is_synthetic(folder, kept))


def require_consistent(table: Path, images: LocalImages, fingerprints: NDArray[np.int8]) -> None:
    """Refuse pictures that stand in the table twice, as different files, with labels that exclude each other.

    Parameters
    ----------
    fingerprints : ndarray of int8, shape (N, 1024)
        Of the entries.

    Raises
    ------
    CommissioningError
        There are such; each is named.
    """
    faults: list[str] = []
    for position, entry in enumerate(images.entries):
        alike = similarities(fingerprints[position : position + 1], fingerprints[position + 1 :])[0]
        for offset in np.flatnonzero(alike >= NEAR_SIMILARITY).tolist():
            other = images.entries[position + 1 + offset]
            if _exclude(entry, other):
                faults.append(
                    Message(
                        "{first} is {label}, and {second}, which shows the same picture, is {other}",
                        first=entry.path,
                        label=entry.label.value,
                        second=other.path,
                        other=other.label.value,
                    )
                )
    _raise(table, faults)


def require_unseen(
    table: Path, images: LocalImages, fingerprints: NDArray[np.int8], training: TrainingImages | None
) -> None:
    """Refuse images that trained the bundle, known by their digests and fingerprints.

    Raises
    ------
    CommissioningError
        There are such; each is named.
    """
    if training is None:
        return
    found = training.holds([entry.sha256 for entry in images.entries], fingerprints, NEAR_SIMILARITY)
    _raise(
        table,
        [
            Message(
                "{path} trained the bundle, which proves nothing; take it out", path=images.entries[i].path
            )
            for i in np.flatnonzero(found)
        ],
    )


def _contradictions(entries: Sequence[Entry], lines: dict[str, int]) -> list[str]:
    same: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        same[entry.sha256].append(entry)
    faults: list[str] = []
    for first, *others in same.values():
        for other in others:
            one, two = lines[first.path], lines[other.path]
            if first.label != other.label:
                faults.append(
                    Message(
                        "lines {one} and {two}: the same image is labelled {label} and {other}; keep one",
                        one=one,
                        two=two,
                        label=first.label.value,
                        other=other.label.value,
                    )
                )
            elif first.patient != other.patient:
                faults.append(
                    Message(
                        "lines {one} and {two}: the same image is of two patients; keep one", one=one, two=two
                    )
                )
    return faults


def _exclude(one: Entry, other: Entry) -> bool:
    """Whether no finding, nor other disease, fits both labels."""
    if one.label == other.label:
        return False
    return not set(allowed_findings(one.label)) & set(allowed_findings(other.label))


def _require_both_outcomes(table: Path, rows: Sequence[Listed]) -> None:
    patients: Counter[str] = Counter()
    for outcome, _ in {(_outcome(row), row.patient) for row in rows if allowed_findings(row.label)}:
        patients[outcome] += 1
    everybody = {row.patient for row in rows}
    if len(everybody) == 1:
        raise CommissioningError(
            "{table}: all images are of one patient, from which nothing follows for others; add other patients",
            table=table,
        )
    for outcome in ("normal", "pneumonia"):
        if patients[outcome] < MIN_PATIENTS:
            raise CommissioningError(
                "{table}: {count} patients whose images are labelled {outcome}; at least {least} of each outcome are "
                "needed to examine anything, and neumo commission plan says how many decide",
                table=table,
                count=patients[outcome],
                outcome=outcome,
                least=MIN_PATIENTS,
            )


def _outcome(row: Listed) -> str:
    return "normal" if row.label is Finding.NORMAL else "pneumonia"


def _raise(table: Path, faults: Sequence[str]) -> None:
    if faults:
        raise CommissioningError("{table}:\n  {faults}", table=table, faults=shown_faults(faults))
