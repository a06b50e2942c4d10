"""Issues of a data set: the rules for each kind, and its severity."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from neumo.datasets.check.duplicates import DuplicateGroup
from neumo.datasets.check.scan import Fault, Scan
from neumo.datasets.manifest import SPLITS, Manifest
from neumo.datasets.split import thin_findings

TINY_SIDE = 100
"""Images with a side shorter than this, in pixels, are reported."""

BLANK_SPREAD = 8.0
"""Images of which 95 % of the pixels lie within fewer grey levels count as blank; chest radiographs span over 70."""

_MAX_NAMED = 100

SEVERITIES = ("leak", "problem", "note")
"""From the gravest on. A leak makes every test metric too good; a problem should be repaired; a note is to know."""

SEVERITY = {
    "patient-across-splits": "leak",
    "picture-across-splits": "leak",
    "conflicting-labels": "problem",
    "picture-of-two-patients": "problem",
    "empty": "problem",
    "unreadable": "problem",
    "blank": "problem",
    "colour": "note",
    "tiny": "note",
    "duplicates": "note",
    "thin-validation": "note",
}
"""Every kind of issue, the gravest first, and its severity."""


@dataclass(frozen=True)
class Issue:
    """One finding of the audit about one image, one patient or one group of duplicates.

    Attributes
    ----------
    kind : str
        A key of SEVERITY.
    images : tuple of str
        Paths in the manifest.
    detail : str
        The patient group, the reason of the decoder, the size, or the labels; empty where the kind says all.
    """

    kind: str
    images: tuple[str, ...]
    detail: str = ""

    @property
    def severity(self) -> str:
        """One of SEVERITIES."""
        return SEVERITY[self.kind]


def blank_images(scanned: Scan) -> frozenset[int]:
    """Positions of the images with almost no structure."""
    return frozenset(i for i in scanned.readable if scanned.measured(i).spread < BLANK_SPREAD)


def image_issues(manifest: Manifest, scanned: Scan) -> Iterator[Issue]:
    """Issues of single images: empty, unreadable, blank, colour, tiny."""
    blank = blank_images(scanned)
    for position, (entry, image) in enumerate(zip(manifest.entries, scanned.images, strict=True)):
        images = (entry.path,)
        if isinstance(image, Fault):
            yield Issue("unreadable" if image.file_bytes else "empty", images, image.reason)
            continue
        if position in blank:
            yield Issue("blank", images)
        if image.colour:
            yield Issue("colour", images)
        if min(image.width, image.height) < TINY_SIDE:
            yield Issue("tiny", images, f"{image.width} x {image.height}")


def group_issues(groups: Sequence[DuplicateGroup]) -> Iterator[Issue]:
    """Issues of duplicates; each group is reported under the gravest thing it is, and each label conflict too."""
    for group in groups:
        parts = [split for split in SPLITS if split in group.splits]
        if len(parts) > 1:
            yield Issue("picture-across-splits", group.images, " | ".join(parts))
        elif len(group.patients) > 1:
            yield Issue("picture-of-two-patients", group.images, " | ".join(group.patients))
        else:
            yield Issue("duplicates", group.images, group.kind)
        if len(group.findings) > 1:
            yield Issue("conflicting-labels", group.images, " | ".join(group.findings))


def patient_issues(manifest: Manifest) -> Iterator[Issue]:
    """Patients with images in more than one official part."""
    images: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for entry in manifest.entries:
        if entry.split:
            images[entry.patient][entry.split].append(entry.path)
    for patient, parts in sorted(images.items()):
        if len(parts) > 1:
            paths = tuple(path for split in SPLITS for path in parts.get(split, ()))
            names = " | ".join(split for split in SPLITS if split in parts)
            yield Issue("patient-across-splits", paths, f"{patient}: {names}")


def validation_issues(manifest: Manifest) -> Iterator[Issue]:
    """Yield an official validation part too small to choose by; training says the same of every split."""
    part = [entry for entry in manifest.entries if entry.split == "val"]
    counts = thin_findings(entry.label for entry in part) if part else {}
    if counts:
        said = ", ".join(f"{finding} {count}" for finding, count in counts.items())
        yield Issue(
            "thin-validation", tuple(sorted(entry.path for entry in part)[:_MAX_NAMED]), f"val: {said}"
        )


def patient_check(manifest: Manifest) -> str:
    """Return how patients on both sides of the split were searched for.

    Returns
    -------
    str
        "no-split" (there are not two official parts), "by-construction" (the groups carry the part's name,
        because the numbers in the file names restart; they cannot cross, whoever is on the radiographs) or "checked".
    """
    if len({entry.split for entry in manifest.entries if entry.split}) < 2:
        return "no-split"
    if all(
        entry.patient == entry.path or entry.patient.startswith(f"{entry.split}/")
        for entry in manifest.entries
    ):
        return "by-construction"
    return "checked"
