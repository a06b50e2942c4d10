"""One manifest for every layout: which image, which finding, which patient, which official split."""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from neumo.core.errors import ManifestError
from neumo.core.files import replacing
from neumo.core.findings import FINDINGS, Finding

REQUIRED_COLUMNS = ("path", "finding")
KNOWN_COLUMNS = ("path", "finding", "patient", "split", "width", "height", "sha256")
SPLITS = ("train", "val", "test")

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
"""Shared by all entries without optional columns: a data set may have many."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of a data set.

    Attributes
    ----------
    path : str
        POSIX path relative to the manifest's root.
    finding : Finding
        The reference label.
    patient : str
        Patient group, namespaced so that equal numbers of different patients stay apart.
    split : str
        Official part: "train", "val" or "test"; empty where the data set has none.
    width, height : int
        Size in pixels (0 where the file's header cannot be read).
    sha256 : str
        Hex digest of the file.
    attributes : mapping of str to str
        Optional columns, such as age_band, sex, view, source.
    """

    path: str
    finding: Finding
    patient: str
    split: str
    width: int
    height: int
    sha256: str
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)


@dataclass(frozen=True)
class Manifest:
    """All images of a data set, sorted by path.

    Attributes
    ----------
    root : Path
        Folder that the entries' paths start from.
    entries : tuple of Entry
    synthetic : bool
        True for phantoms: every result made from them says so.
    """

    root: Path
    entries: tuple[Entry, ...]
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def digest(self) -> str:
        """SHA-256 over paths, findings, patients, splits and file digests: the identity of the data."""
        digest = hashlib.sha256()
        for e in self.entries:
            digest.update(f"{e.path}\t{e.finding}\t{e.patient}\t{e.split}\t{e.sha256}\n".encode())
        return digest.hexdigest()

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Names of the optional columns that at least one entry fills, sorted."""
        return tuple(sorted({name for e in self.entries for name, value in e.attributes.items() if value}))

    def file(self, entry: Entry) -> Path:
        """Absolute path of an entry's image."""
        return self.root / entry.path

    def counts(self, split: str | None = None) -> dict[Finding, int]:
        """Images per finding, of one official split or of all."""
        found = Counter(e.finding for e in self.entries if split is None or e.split == split)
        return {finding: found.get(finding, 0) for finding in FINDINGS}


def write_manifest(manifest: Manifest, target: Path) -> None:
    """Write a manifest as CSV, atomically. Raises OutputError."""
    names = manifest.attribute_names
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*KNOWN_COLUMNS, *names])
        for e in manifest.entries:
            known = [e.path, e.finding.value, e.patient, e.split, e.width, e.height, e.sha256]
            writer.writerow([*known, *(e.attributes.get(name, "") for name in names)])


def parse_finding(label: str, where: str) -> Finding:
    """Turn a label of a CSV file into a Finding; `where` names the file and line for the message.

    Raises
    ------
    ManifestError
        The label is none of the three.
    """
    try:
        return Finding(label.strip().upper())
    except ValueError as error:
        allowed = ", ".join(FINDINGS)
        raise ManifestError(f"{where}: unknown label {label!r}; use one of {allowed}") from error
