"""Manifest of a data set: path, label, patient and official split of every image, whatever its layout."""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from neumo.core.errors import DatasetError
from neumo.core.files import replacing
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import LABELS, Label
from neumo.imaging.image_files import FoundFiles

COLUMNS = ("path", "label", "patient", "split", "width", "height", "sha256")
"""Columns of every written manifest; attributes follow."""
SOURCE_COLUMNS = ("source", "age", "sex", "view", "label_basis")
"""Attributes that a manifest of several sources (hospitals, archives) should state."""
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
    label : Label
        The reference label: a finding, or a partial label.
    patient : str
        Patient group, namespaced so that equal numbers of different patients stay apart.
    split : str
        Official part: "train", "val" or "test"; empty where the data set has none.
    width, height : int
        Size in pixels (0 where the file's header cannot be read).
    sha256 : str
        Hex digest of the file.
    attributes : mapping of str to str
        Optional columns, such as source, age, sex, view and label_basis.
    """

    path: str
    label: Label
    patient: str
    split: str
    width: int
    height: int
    sha256: str
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)

    @property
    def finding(self) -> Finding:
        """The label where it is a finding. Raises DatasetError where it is partial."""
        if isinstance(self.label, Finding):
            return self.label
        raise DatasetError(
            "{path}: its label {label} is partial; this needs one of {findings}",
            path=self.path,
            label=self.label,
            findings=", ".join(FINDINGS),
        )

    @property
    def is_complete(self) -> bool:
        """Whether the label is a finding, not a partial label."""
        return isinstance(self.label, Finding)

    @property
    def code(self) -> int:
        """Position of the label in `neumo.core.labels.LABELS`; of a finding its index."""
        return LABELS.index(self.label)

    @property
    def source(self) -> str:
        """Hospital or archive that the image comes from; empty where the data set has one only."""
        return self.attributes.get("source", "")

    @property
    def view(self) -> str:
        """Projection, such as AP or PA; empty where unknown."""
        return self.attributes.get("view", "")


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
    files : FoundFiles
        What lies in the folders that were searched for images; empty where a CSV names them.
    """

    root: Path
    entries: tuple[Entry, ...]
    synthetic: bool = False
    files: FoundFiles = field(default_factory=FoundFiles, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def digest(self) -> str:
        """SHA-256 over paths, labels, patients, splits, file digests, sources and their views."""
        digest = hashlib.sha256()
        for e in self.entries:
            source = f"\t{e.source}\t{e.view}" if e.source else ""
            digest.update(f"{e.path}\t{e.label}\t{e.patient}\t{e.split}\t{e.sha256}{source}\n".encode())
        return digest.hexdigest()

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Names of the optional columns that at least one entry fills, sorted."""
        return tuple(sorted({name for e in self.entries for name, value in e.attributes.items() if value}))

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources, sorted; a single empty one where the data set names none."""
        return tuple(sorted({e.source for e in self.entries}))

    def file(self, entry: Entry) -> Path:
        """Absolute path of an entry's image."""
        return self.root / entry.path

    def counts(self, split: str | None = None) -> dict[Finding, int]:
        """Images per finding, of one official split or of all; those of partial labels are not counted."""
        found = Counter(e.label for e in self.entries if split is None or e.split == split)
        return {finding: found.get(finding, 0) for finding in FINDINGS}


def write_manifest(manifest: Manifest, target: Path) -> None:
    """Write a manifest as CSV, atomically. Raises OutputError."""
    names = manifest.attribute_names
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*COLUMNS, *names])
        for e in manifest.entries:
            known = [e.path, e.label.value, e.patient, e.split, e.width, e.height, e.sha256]
            writer.writerow([*known, *(e.attributes.get(name, "") for name in names)])
