"""Evaluation of a bundle or of runs within each source of a data set, under labels that may be partial."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from neumo.bundle.folder import Bundle
from neumo.bundle.training_images import load_training_images
from neumo.core.ages import age_span
from neumo.core.errors import EvaluationError
from neumo.core.files import require_writable, write_json, write_text
from neumo.core.findings import FINDINGS
from neumo.core.labels import findings_of
from neumo.core.progress import Progress
from neumo.core.reading import Reading
from neumo.datasets.attributes import AttributeValue, paths_with
from neumo.datasets.check.duplicates import NEAR_SIMILARITY
from neumo.datasets.check.file_fingerprints import file_fingerprints
from neumo.datasets.collections import ages_of, data_set_names
from neumo.datasets.labelled_images import images_of
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry, Manifest
from neumo.evaluation.sources.evaluate import evaluate_sources
from neumo.evaluation.sources.values import EvaluatedSource, Images, worst_sources
from neumo.inference.posterior import by_finding
from neumo.inference.reader import Reader
from neumo.study.parts import read_entries
from neumo.training.predict import predict_images
from neumo.training.run_folder import RunFolder

SOURCES_FILE, ANSWERS_FILE = "sources.json", "answers.csv"
ALL = "all"
"""Every image, whatever its official part."""
_UNSEEN = ("test", ALL)
"""Parts from which the bundle's own training images are excluded."""


@dataclass(frozen=True)
class ReadSources:
    """Metrics of a bundle within each source.

    Attributes
    ----------
    sources : tuple of EvaluatedSource
    trained : mapping of str to int
        Number of excluded images by source: those that the bundle was trained on.
    """

    sources: tuple[EvaluatedSource, ...]
    trained: Mapping[str, int]


def evaluate_reader_by_source(
    reader: Reader,
    data: Path,
    out: Path,
    *,
    part: str = "test",
    without: Sequence[AttributeValue] = (),
    command: str = "",
    resamples: int = 1000,
    reading: Progress | None = None,
) -> ReadSources:
    """Read the images of a part, evaluate each source by itself, and write sources.json and answers.csv into `out`.

    A source that has no official parts is read whole. From the parts "test" and "all", the bundle's training images
    are excluded, recognised by SHA-256 or as near-duplicates; if the bundle does not list them, nothing is excluded.

    Parameters
    ----------
    reader : Reader
        Without a prevalence of its own.
    part : str
        "train", "val" or "test" of the data set, or "all".
    without : sequence of AttributeValue
        Images that hold one of these values are neither read nor evaluated.
    command : str
        Noted in sources.json.

    Raises
    ------
    DatasetError
        The data set cannot be used.
    EvaluationError
        The part holds no image that did not train the bundle.
    BundleError
        Its list of training images is damaged.
    OutputError
        `out` cannot be written; told before the first image is read.
    """
    require_writable(out / SOURCES_FILE)
    manifest = open_dataset(data)
    entries, trained = _wanted(_entries(manifest, part), without), Counter[str]()
    if part in _UNSEEN:
        entries, trained = _unseen(reader.bundle, manifest, entries)
    readings = read_entries(reader, manifest, entries, reading)
    points = reader.bundle.config.operating_points
    images = images_of(
        entries,
        probabilities=np.array([_probabilities(one) for one in readings]),
        refused=[one.reasons[0].code if one.answer is None else "" for one in readings],
        sets=np.array(
            [
                [one.answer is not None and f in findings_of(one.answer.prediction_set) for f in FINDINGS]
                for one in readings
            ]
        ),
    )
    evaluated = evaluate_sources(
        images,
        threshold=points[reader.options["operating_point"]].threshold,
        points={name: point.threshold for name, point in points.items()},
        resamples=resamples,
        synthetic=manifest.synthetic,
    )
    origin: dict[str, Any] = {"bundle": reader.bundle.digest, "data": manifest.digest, "part": part}
    if trained:
        origin["trained"] = dict(sorted(trained.items()))
    _write(out, evaluated, entries, images, without, command=command, **origin)
    return ReadSources(evaluated, trained)


def evaluate_runs_by_source(
    runs: Sequence[Path],
    out: Path,
    *,
    part: str = "val",
    data: Path | None = None,
    other: Path | None = None,
    without: Sequence[AttributeValue] = (),
    command: str = "",
    resamples: int = 1000,
    predicting: Progress | None = None,
) -> tuple[EvaluatedSource, ...]:
    """Evaluate runs on one part of their splits, each source by itself; folds of one recipe count as one.

    Parameters
    ----------
    runs : sequence of Path
        Each image may be held out by one of them only.
    part : str
        "test", "val", "holdout" or "train".
    data : Path, optional
        Where the data set lies, if it moved since the training.
    other : Path, optional
        A data set that no run was trained on, read whole by a single run instead of the part.
    without : sequence of AttributeValue
        Images that hold one of these values are not evaluated.

    Raises
    ------
    CheckpointError
        A folder is no run's, its weights cannot be loaded, or the data are others.
    SplitError
        There is no such part.
    EvaluationError
        Two runs hold out the same image, or several runs are to read another data set.
    OutputError
        `out` cannot be written; told before the first image is predicted.
    """
    require_writable(out / SOURCES_FILE)
    if other is not None and len(runs) > 1:
        raise EvaluationError("give one run: several answers to one image are no evaluation of any")
    entries: list[Entry] = []
    rows = []
    for path in runs:
        folder = RunFolder(path)
        manifest = folder.dataset(data) if other is None else open_dataset(other)
        positions = (
            folder.split(manifest).indices(part, manifest) if other is None else list(range(len(manifest)))
        )
        kept = {entry.path for entry in _wanted([manifest.entries[i] for i in positions], without)}
        positions = [i for i in positions if manifest.entries[i].path in kept]
        rows.append(predict_images(folder, manifest, positions, progress=predicting))
        entries += [manifest.entries[i] for i in positions]
    if len({entry.path for entry in entries}) < len(entries):
        raise EvaluationError("two of the runs hold out the same image; give folds of one data set")
    images = images_of(entries, probabilities=np.concatenate(rows))
    evaluated = evaluate_sources(images, resamples=resamples, synthetic=manifest.synthetic)
    origin = {"runs": [path.resolve().name for path in runs], "data": manifest.digest}
    _write(out, evaluated, entries, images, without, command=command, part=part, **origin)
    return evaluated


def _entries(manifest: Manifest, part: str) -> list[Entry]:
    with_parts = {entry.source for entry in manifest.entries if entry.split}
    entries = [
        entry for entry in manifest.entries if part in (ALL, entry.split) or entry.source not in with_parts
    ]
    if not entries:
        raise EvaluationError("{root}: has no images of the part {part!r}", root=manifest.root, part=part)
    return entries


def _wanted(entries: Sequence[Entry], without: Sequence[AttributeValue]) -> list[Entry]:
    left = paths_with(entries, without, "--without")
    wanted = [entry for entry in entries if entry.path not in left]
    if not wanted:
        raise EvaluationError("--without: leaves no image to evaluate; name fewer values")
    return wanted


def _unseen(bundle: Bundle, manifest: Manifest, entries: list[Entry]) -> tuple[list[Entry], Counter[str]]:
    """Exclude the bundle's training images; also return how many were excluded of each source."""
    training = load_training_images(bundle)
    if training is None:
        return entries, Counter()
    prints = file_fingerprints([manifest.file(entry) for entry in entries])
    trained = training.holds([entry.sha256 for entry in entries], prints, NEAR_SIMILARITY)
    kept = [entry for entry, seen in zip(entries, trained, strict=True) if not seen]
    if not kept:
        raise EvaluationError(
            "{root}: every image trained {bundle}, which proves nothing; give images of other patients",
            root=manifest.root,
            bundle=bundle.config.name,
        )
    return kept, Counter(entry.source for entry, seen in zip(entries, trained, strict=True) if seen)


def _ages(source: str, entries: Sequence[Entry], images: Images) -> tuple[float, float] | None:
    """Return the ages of a source's images that were answered."""
    return age_span(
        ages_of(entry)
        for entry, refused in zip(entries, images.refused, strict=True)
        if entry.source == source and not refused
    )


def _probabilities(reading: Reading) -> list[float]:
    if reading.answer is None:
        return [0.0] * len(FINDINGS)
    return list(by_finding(reading.answer.probabilities).values())


def _write(
    out: Path,
    evaluated: Sequence[EvaluatedSource],
    entries: Sequence[Entry],
    images: Images,
    without: Sequence[AttributeValue],
    **origin: Any,
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ["path", "source", "patient", "view", "label", "refused", *(f"p_{f}" for f in FINDINGS), "set"]
    )
    for i, entry in enumerate(entries):
        refused = images.refused[i]
        chances = ["" if refused else f"{p:.9g}" for p in images.probabilities[i]]
        held = () if images.sets is None else (f for f, h in zip(FINDINGS, images.sets[i], strict=True) if h)
        row = [entry.path, entry.source, entry.patient, entry.view, entry.label, refused]
        writer.writerow([*row, *chances, " ".join(held)])
    write_text(out / ANSWERS_FILE, buffer.getvalue())
    if without:
        origin["without"] = [asdict(each) for each in without]
    names = data_set_names(entries, synthetic=any(one.synthetic for one in evaluated))
    measured = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "sources": [
            {
                **one.to_json(),
                "data_set": names[one.source],
                "ages": _ages(one.source, entries, images),
            }
            for one in evaluated
        ],
        "worst": worst_sources(evaluated),
    }
    write_json(out / SOURCES_FILE, {"schema": 1, **origin, **measured})
