"""The images of one part of a data set."""

from neumo.core.errors import EvaluationError
from neumo.datasets.manifest import Entry, Manifest


def entries_of(manifest: Manifest, part: str) -> list[Entry]:
    """Return the entries of an official part ("train", "val" or "test"). Raises EvaluationError where there is none."""
    entries = [entry for entry in manifest.entries if entry.split == part]
    if not entries:
        raise EvaluationError("{root}: has no images of the part {part!r}", root=manifest.root, part=part)
    return entries
