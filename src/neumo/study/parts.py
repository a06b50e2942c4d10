"""The images of one part of a data set, and their readings."""

from collections.abc import Sequence

from neumo.core.errors import EvaluationError
from neumo.core.progress import Progress
from neumo.core.reading import Reading
from neumo.datasets.manifest import Entry, Manifest
from neumo.inference.reader import Reader


def entries_of(manifest: Manifest, part: str) -> list[Entry]:
    """Return the entries of an official part ("train", "val" or "test"). Raises EvaluationError where there is none."""
    entries = [entry for entry in manifest.entries if entry.split == part]
    if not entries:
        raise EvaluationError("{root}: has no images of the part {part!r}", root=manifest.root, part=part)
    return entries


def read_entries(
    reader: Reader, manifest: Manifest, entries: Sequence[Entry], progress: Progress | None
) -> list[Reading]:
    """Read the images of entries of a manifest, in their order, and tell how far it is after each."""
    readings: list[Reading] = []
    for answered in reader.read_many(manifest.file(entry) for entry in entries):
        readings.append(answered)
        if progress is not None:
            progress(len(readings), len(entries))
    return readings
