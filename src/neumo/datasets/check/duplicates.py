"""Duplicates: equal files, equal pixels, and near duplicates (copies that were changed a little)."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.datasets.check.fingerprint import mirrored
from neumo.datasets.check.scan import Scan
from neumo.datasets.manifest import Entry, Manifest

NEAR_SIMILARITY = 0.90
"""Similarity of fingerprints from which two images count as one picture.

Chosen on the public children's data set: of its 17 million pairs of images, the most similar pair that is not
one picture (probably two radiographs of one child) reaches 0.88 and the next 0.84, while copies of an image stored as
JPEG of quality 30, at half its size, with gamma 0.6 to 1.5, rotated by 1 degree, cropped by 1 % or with a marker
painted on reach 0.90 or more in 99 of 100 cases. Copies cropped by 2 % or padded are mostly missed.
"""

_ROWS = 512


@dataclass(frozen=True)
class DuplicateGroup:
    """Images that show one picture.

    Attributes
    ----------
    kind : str
        "file" (equal bytes), "pixels" (equal decoded pixels) or "near" (a copy that was changed a little).
    images : tuple of str
        Paths in the manifest, sorted.
    findings, patients, splits : tuple of str
        The distinct reference labels, patient groups and official parts of these images, sorted; an image
        of a data set without official parts has the part "".
    similarity : float
        Lowest similarity (0-1) that joined the group; 1 for equal pixels.
    mirrored : bool
        True when a copy is flipped left to right.
    """

    kind: str
    images: tuple[str, ...]
    findings: tuple[str, ...]
    patients: tuple[str, ...]
    splits: tuple[str, ...]
    similarity: float
    mirrored: bool


@dataclass(frozen=True)
class _Pair:
    first: int
    second: int
    similarity: float
    mirrored: bool


def duplicate_groups(
    manifest: Manifest, scanned: Scan, candidates: Sequence[int]
) -> tuple[DuplicateGroup, ...]:
    """Group the images that show one picture, sorted by their first path.

    Parameters
    ----------
    candidates : sequence of int
        Positions to compare: readable images with some structure (blank images all look alike).
    """
    same_file = _equal(candidates, lambda i: manifest.entries[i].sha256)
    same_pixels = _equal(candidates, lambda i: scanned.measured(i).pixel_digest)
    copies = {position for group in same_pixels for position in group[1:]}
    pairs = list(_near_pairs(scanned, [i for i in candidates if i not in copies]))
    joined = _components([*same_file, *same_pixels, *((pair.first, pair.second) for pair in pairs)])
    evidence: dict[int, list[_Pair]] = defaultdict(list)
    member = {position: number for number, group in enumerate(joined) for position in group}
    for pair in pairs:
        evidence[member[pair.first]].append(pair)
    groups = (_described(manifest, group, evidence[number]) for number, group in enumerate(joined))
    return tuple(sorted(groups, key=lambda group: group.images))


def _equal(positions: Iterable[int], key: Callable[[int], Hashable]) -> list[list[int]]:
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for position in positions:
        alike[key(position)].append(position)
    return [group for group in alike.values() if len(group) > 1]


def _near_pairs(scanned: Scan, positions: Sequence[int]) -> Iterator[_Pair]:
    if len(positions) < 2:
        return
    prints = np.stack([scanned.measured(i).fingerprint for i in positions]).astype(np.float32)
    for flipped, others in ((False, prints), (True, mirrored(prints))):
        for first, second, similarity in _similar(prints, others):
            yield _Pair(positions[first], positions[second], similarity, flipped)


def _similar(prints: NDArray[np.float32], others: NDArray[np.float32]) -> Iterator[tuple[int, int, float]]:
    # Exhaustive on purpose: blocks of matrix products compare 60,000 images in a minute or two, and no
    # hash has to guess which pairs are worth a look.
    for start in range(0, len(prints), _ROWS):
        products = prints[start : start + _ROWS] @ others[start:].T
        rows, columns = np.nonzero(products >= NEAR_SIMILARITY)
        later = columns > rows
        for row, column in zip(rows[later].tolist(), columns[later].tolist(), strict=True):
            yield start + row, start + column, min(1.0, float(products[row, column]))


def _components(links: Iterable[Sequence[int]]) -> list[list[int]]:
    leader: dict[int, int] = {}

    def lead(position: int) -> int:
        while leader.setdefault(position, position) != position:
            leader[position] = leader[leader[position]]
            position = leader[position]
        return position

    for first, *rest in links:
        for other in rest:
            leader[lead(other)] = lead(first)
    groups: dict[int, list[int]] = defaultdict(list)
    for position in sorted(leader):
        groups[lead(position)].append(position)
    return list(groups.values())


def _described(manifest: Manifest, group: Sequence[int], evidence: Sequence[_Pair]) -> DuplicateGroup:
    entries = [manifest.entries[position] for position in group]
    return DuplicateGroup(
        kind=_kind(entries, evidence),
        images=tuple(sorted(entry.path for entry in entries)),
        findings=tuple(sorted({entry.label.value for entry in entries})),
        patients=tuple(sorted({entry.patient for entry in entries})),
        splits=tuple(sorted({entry.split for entry in entries})),
        similarity=min((pair.similarity for pair in evidence), default=1.0),
        mirrored=any(pair.mirrored for pair in evidence),
    )


def _kind(entries: Sequence[Entry], evidence: Sequence[_Pair]) -> str:
    if evidence:
        return "near"
    return "file" if len({entry.sha256 for entry in entries}) == 1 else "pixels"
