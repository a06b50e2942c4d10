"""Merge data sets of several sources (hospitals, archives) into one manifest, with checks across them."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neumo.core.ages import age_in_years
from neumo.core.errors import ManifestError, OutputError
from neumo.core.files import require_writable
from neumo.core.message import Message, joined
from neumo.datasets.csv_manifest import Listed, shown_faults
from neumo.datasets.layout import is_synthetic, listed_images, measured, patients_in_two_sources
from neumo.datasets.manifest import Entry, Manifest, write_manifest

FRONTAL_VIEWS = frozenset({"AP", "PA"})


@dataclass(frozen=True)
class Source:
    """One data set to merge.

    Attributes
    ----------
    path : Path
        Data set folder or CSV manifest.
    name : str
        Source of the images that state none; empty takes the file's or folder's name.
    """

    path: Path
    name: str = ""


@dataclass(frozen=True)
class Merged:
    """A merged manifest and what is doubtful about it.

    Attributes
    ----------
    manifest : Manifest
    warnings : tuple of str
        What teaches a network the hospital instead of the disease, or is there twice.
    """

    manifest: Manifest
    warnings: tuple[str, ...]


def merge(sources: Sequence[Source], target: Path) -> Merged:
    """Write one CSV manifest of all images, with paths relative to its folder, unless there are faults.

    Ages become years, sex and view upper case. Patient ids are taken as written: equal ids of two sources are a fault,
    because they may be two people or one.

    Raises
    ------
    ManifestError
        Every fault of every data set at once, with its line: unknown labels, splits and ages, missing files, images
        listed twice, patients in two sources, phantoms beside real images.
    DatasetError
        A data set cannot be listed at all.
    OutputError
        The manifest cannot be written, or is one of those that are merged.
    """
    for source in sources:
        if target.is_file() and source.path.is_file() and target.samefile(source.path):
            raise OutputError(
                "{target}: is one of the manifests that are merged; write to another file", target=target
            )
    folder = target.resolve().parent
    listed: list[Listed] = []
    places: list[str] = []
    faults: list[str] = []
    for source in sources:
        listing = listed_images(source.path)
        faults += [Message("{source}, {fault}", source=source.path, fault=fault) for fault in listing.faults]
        faults += [
            Message("{path}: cannot be searched ({reason})", path=e.path, reason=e.reason)
            for e in listing.files.unreadable
        ]
        listed += [_normalised(row, source, folder) for row in listing.rows]
        places += [
            Message("{source}, line {line}", source=source.path, line=row.line)
            if row.line
            else str(source.path)
            for row in listing.rows
        ]
    faults += _across(listed, places)
    _raise(faults)
    require_writable(target)
    folder.mkdir(parents=True, exist_ok=True)  # relative paths lead out of it, so it must be there
    entries = measured(folder, listed)
    synthetic = [is_synthetic(folder, [entry]) for entry in _first_of_each_source(entries)]
    if len(set(synthetic)) > 1:
        _raise([Message("phantoms and real images in one manifest; merge one kind only")])
    manifest = Manifest(folder, entries, synthetic=any(synthetic))
    write_manifest(manifest, target)
    return Merged(manifest, tuple(_warnings(entries)))


def label_counts(manifest: Manifest) -> dict[tuple[str, str, str], int]:
    """Images by source, label and view, sorted."""
    counts = Counter((e.source, e.label.value, e.view) for e in manifest.entries)
    return dict(sorted(counts.items()))


def _normalised(row: Listed, source: Source, folder: Path) -> Listed:
    base = source.path.parent if source.path.is_file() else source.path
    values = {name: value for name, value in row.attributes.items() if value}
    values.setdefault("source", source.name or source.path.stem)
    years = age_in_years(values.get("age", ""))
    if years is not None:
        values["age"] = f"{years:.4g}"
    for name in ("sex", "view"):
        if name in values:
            values[name] = values[name].upper()
    path = os.path.relpath((base / row.path).resolve(), folder)
    return replace(row, path=Path(path).as_posix(), attributes=values)


def _across(listed: Sequence[Listed], places: Sequence[str]) -> Iterator[str]:
    """Faults that no data set has by itself."""
    first: dict[str, str] = {}
    for row, place in zip(listed, places, strict=True):
        if row.path in first:
            yield Message(
                "{place}: {path!r} stands already in {first}; merge each image once",
                place=place,
                path=row.path,
                first=first[row.path],
            )
        first.setdefault(row.path, place)
    yield from patients_in_two_sources(listed, places)


def _raise(faults: Sequence[str]) -> None:
    if not faults:
        return
    shown = list(dict.fromkeys(faults))
    if len(shown) == 1:
        raise ManifestError("merge: 1 fault, nothing was written\n  {shown}", shown=shown_faults(shown))
    raise ManifestError(
        "merge: {count:,} faults, nothing was written\n  {shown}", count=len(shown), shown=shown_faults(shown)
    )


def _first_of_each_source(entries: Sequence[Entry]) -> list[Entry]:
    return list({entry.source: entry for entry in reversed(entries)}.values())


# --- warnings ------------------------------------------------------------------------------------------


def _warnings(entries: Sequence[Entry]) -> Iterator[str]:
    by_source: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_source[entry.source].append(entry)
    for source, members in sorted(by_source.items()):
        yield from _source_warnings(source, members)
    yield from _duplicates(entries)


def _source_warnings(source: str, members: Sequence[Entry]) -> Iterator[str]:
    labels = sorted({entry.label.value for entry in members})
    if len(labels) == 1:
        yield Message(
            "{source}: every image is {label}; a network learns the hospital from that, not the disease. Add "
            "images of other labels or leave the source out of training",
            source=source,
            label=labels[0],
        )
    views = Counter(entry.view for entry in members)
    others = sorted(view for view in views if view and view not in FRONTAL_VIEWS)
    if others:
        yield Message(
            "{source}: views {views} are not frontal (AP, PA); a reader is for frontal radiographs",
            source=source,
            views=", ".join(others),
        )
    if len(views) > 1 and len(labels) > 1:
        shares = joined("; ", (joined(" ", [label, _views_of(label, members)]) for label in labels))
        yield Message(
            "{source}: mixed views ({shares}); where the view tells the label, balance them with sampling.over: "
            "label_view, and evaluate each view by itself",
            source=source,
            shares=shares,
        )


def _views_of(label: str, members: Sequence[Entry]) -> str:
    views = Counter(entry.view or Message("unknown") for entry in members if entry.label.value == label)
    return joined(", ", (joined(" ", [f"{count:,}", view]) for view, count in sorted(views.items())))


def _duplicates(entries: Sequence[Entry]) -> Iterator[str]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.sha256].append(entry)
    twice = [group for group in groups.values() if len(group) > 1]
    if not twice:
        return
    said = [Message("{count:,} groups of identical files", count=len(twice))]
    if across := sum(len({e.source for e in group}) > 1 for group in twice):
        said.append(Message("{count:,} lie in two sources", count=across))
    if unlike := sum(len({e.label for e in group}) > 1 for group in twice):
        said.append(Message("{count:,} have different labels", count=unlike))
    if parted := sum(len({e.patient for e in group}) > 1 for group in twice):
        said.append(
            Message("{count:,} have different patient ids, so that folds may part them", count=parted)
        )
    said.append(Message("the first is {example}", example=" = ".join(entry.path for entry in twice[0])))
    yield joined("; ", said)
