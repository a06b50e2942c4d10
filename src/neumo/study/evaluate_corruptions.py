"""Evaluation of a bundle on corrupted images: accuracy and refusals by kind and strength."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.core.files import require_writable, write_json
from neumo.core.findings import Finding
from neumo.core.progress import Progress
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry, Manifest
from neumo.evaluation.report.figure_style import save_figures
from neumo.evaluation.robustness.accuracy_by_corruption import Cell, cell
from neumo.evaluation.robustness.corruption_figure import corruption_figure
from neumo.evaluation.robustness.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from neumo.imaging import open_radiograph
from neumo.inference.reader import Reader
from neumo.study.parts import entries_of

CELLS_FILE, FIGURE_NAME = "corruptions.json", "corruptions"


def evaluate_corruptions(
    reader: Reader, data: Path, out: Path, *, part: str = "test", reading: Progress | None = None
) -> tuple[Cell, ...]:
    """Read every image of a part as it is and with every kind and strength of corruption.

    Writes corruptions.json, and corruptions.png and .svg, into `out`.

    Returns
    -------
    tuple of Cell
        The images as they are first.

    Raises
    ------
    DatasetError
        The data set cannot be used.
    EvaluationError
        The part holds no image.
    OutputError
        `out` cannot be written; told before the first image is read.
    """
    require_writable(out / CELLS_FILE)
    manifest = open_dataset(data)
    entries = entries_of(manifest, part)
    truth = np.array([entry.finding.index for entry in entries], dtype=np.int64)
    wanted = [("clean", 0), *((kind, strength) for kind in CORRUPTIONS for strength in STRENGTHS)]
    cells = []
    for number, (kind, strength) in enumerate(wanted, start=1):
        decisions = _decisions(reader, _corrupted(manifest, entries, kind, strength))
        cells.append(cell(kind, strength, truth, decisions))
        if reading is not None:
            reading(number * len(entries), len(wanted) * len(entries))
    write_json(
        out / CELLS_FILE,
        {"schema": 1, "bundle": reader.bundle.digest, "part": part, "cells": [c.to_json() for c in cells]},
    )
    save_figures({FIGURE_NAME: corruption_figure(cells[0], cells[1:])}, out)
    return tuple(cells)


def _corrupted(
    manifest: Manifest, entries: Sequence[Entry], kind: str, strength: int
) -> Iterator[NDArray[np.uint8]]:
    for index, entry in enumerate(entries):
        pixels = open_radiograph(manifest.file(entry)).pixels
        yield corrupt(pixels, kind, strength, index) if strength else pixels


def _decisions(reader: Reader, images: Iterator[NDArray[np.uint8]]) -> NDArray[np.int64]:
    return np.array(
        [
            r.answer.finding.index if r.answer and isinstance(r.answer.finding, Finding) else -1
            for r in reader.read_many(images)
        ],
        dtype=np.int64,
    )
