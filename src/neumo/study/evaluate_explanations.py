"""Checks of a bundle's heat maps: whether they depend on the weights, lie on the chest, and explain the answer."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.errors import EvaluationError
from neumo.core.files import require_writable, write_json, write_text
from neumo.core.findings import FINDINGS, Finding
from neumo.core.progress import Progress
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry, Manifest
from neumo.datasets.phantoms.outline import phantom_outlines
from neumo.evaluation.explanations.checks import ExplanationChecks, check_explanations, markdown
from neumo.evaluation.explanations.explanation_figure import explanation_figure
from neumo.evaluation.explanations.measure import CheckedImage, measure_maps
from neumo.evaluation.explanations.thorax_share import FIELD_SIDE, fixed_field
from neumo.evaluation.report.figure_style import save_figures
from neumo.export.randomised_graph import randomised_graph
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import network_square, scale_intensity
from neumo.inference.reader import Reader
from neumo.inference.session import Session
from neumo.study.parts import entries_of

CHECKS_FILE, SUMMARY_FILE, FIGURE_NAME = "explanations.json", "explanations.md", "explanations"
DEFAULT_IMAGES = 100
DRAWS = 5
"""Shuffled networks that every map is compared with; one alone may resemble it by chance."""


@dataclass(frozen=True)
class _Called:
    """One radiograph that was read: its entry, the network's input (1, side, side), and the called class."""

    entry: Entry
    image: NDArray[np.float32]
    finding: int


def evaluate_explanations(
    reader: Reader,
    data: Path,
    out: Path,
    *,
    part: str = "test",
    images: int = DEFAULT_IMAGES,
    seed: int = 0,
    checking: Progress | None = None,
) -> ExplanationChecks:
    """Check the heat maps of a sample of a part.

    Writes explanations.json, explanations.md, and explanations.png and .svg, into `out`.

    Parameters
    ----------
    reader : Reader
        Its bundle gives class maps.
    part : str
        "train", "val" or "test".
    images : int
        How many are drawn, at most; those that the reader refuses have no map and are left out.
    seed : int
        Of the sample, the shuffled weights and the random orders.
    checking : callable, optional
        Called with the images done and their total.

    Raises
    ------
    DatasetError
        The data set cannot be used.
    EvaluationError
        The bundle gives no class maps, the part holds no image, or every image was refused.
    ExportError
        The bundle's graph cannot be shuffled.
    OutputError
        `out` cannot be written; told before the first image is read.
    """
    require_writable(out / CHECKS_FILE)
    bundle = reader.bundle
    if bundle.config.class_maps is None:
        raise EvaluationError(
            "{path}: its graph gives no class maps, so there is nothing to check", path=bundle.path
        )
    manifest = open_dataset(data)
    drawn = _sample(manifest, part, images, seed)
    called = _called(reader, manifest, drawn)
    if not called:
        raise EvaluationError(
            "{root}: all {count} images drawn from {part!r} were refused; draw more",
            root=manifest.root,
            count=len(drawn),
            part=part,
        )
    session = Session(bundle)
    shuffled = [
        Session(replace(bundle, model=randomised_graph(bundle.model, seed + draw))) for draw in range(DRAWS)
    ]
    paths = [one.entry.path for one in called]
    outlines = phantom_outlines(manifest.root, paths, FIELD_SIDE) if manifest.synthetic else None
    fields = outlines or dict.fromkeys(paths, fixed_field())
    measured, followed = measure_maps(
        session,
        shuffled,
        [CheckedImage(one.image, one.finding, fields[one.entry.path]) for one in called],
        temperature=bundle.config.temperature,
        seed=seed,
        progress=checking,
    )
    checks = check_explanations(
        measured,
        [one.entry.patient for one in called],
        [FINDINGS[one.finding] for one in called],
        field="phantom" if outlines else "fixed",
        field_area=float(np.mean([fields[path].mean() for path in paths])),
    )
    sample = {"data": manifest.digest, "part": part, "seed": seed, "drawn": len(drawn)}
    write_json(out / CHECKS_FILE, _record(checks, reader, sample))
    write_text(out / SUMMARY_FILE, markdown(checks))
    save_figures({FIGURE_NAME: explanation_figure(followed, measured, field_area=checks.field_area)}, out)
    return checks


def _sample(manifest: Manifest, part: str, images: int, seed: int) -> list[Entry]:
    entries = entries_of(manifest, part)
    chosen = np.random.default_rng(seed).choice(len(entries), min(images, len(entries)), replace=False)
    return [entries[i] for i in sorted(chosen)]


def _called(reader: Reader, manifest: Manifest, entries: Sequence[Entry]) -> list[_Called]:
    config = reader.bundle.config
    called = []
    for entry, reading in zip(
        entries, reader.read_many(manifest.file(entry) for entry in entries), strict=True
    ):
        if reading.answer is None or not isinstance(reading.answer.finding, Finding):
            continue
        square = network_square(
            open_radiograph(manifest.file(entry)), config.image_size, 1.0, config.intensity
        )
        image = scale_intensity(square, config.intensity)[np.newaxis]
        called.append(_Called(entry, image, reading.answer.finding.index))
    return called


def _record(checks: ExplanationChecks, reader: Reader, sample: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "bundle": {
            "digest": reader.bundle.digest,
            "model": hashlib.sha256(reader.bundle.model).hexdigest(),
        },
        **sample,
        "refused": sample["drawn"] - checks.images,
        **checks.to_json(),
    }
