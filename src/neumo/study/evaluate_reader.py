"""Evaluation of a bundle as it is shipped: files in, readings out, on one part of a data set."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import BundleConfig
from neumo.core.ages import age_span
from neumo.core.errors import EvaluationError
from neumo.core.files import require_writable, write_json
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import findings_of
from neumo.core.progress import Progress
from neumo.core.reading import Reading, Status
from neumo.datasets.collections import ages_of, data_set_name
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry, Manifest
from neumo.evaluation.evaluate import evaluate, evaluate_decisions
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.predictions import Predictions, write_predictions
from neumo.evaluation.uncertainty.conformal import Coverage, measure_coverage
from neumo.evaluation.values import Evaluation, OperatingPoint, PneumoniaDecision, without_nan
from neumo.inference.posterior import by_finding, make_answer
from neumo.inference.reader import Reader
from neumo.study.parts import entries_of, read_entries

FIGURES_FILE, PREDICTIONS_FILE = "figures.json", "predictions.csv"


@dataclass(frozen=True)
class EvaluatedReader:
    """Evaluation of a bundle on one part of a data set.

    Attributes
    ----------
    part : str
    images : int
        All that were given.
    refused : mapping of str to int
        Refusals and failures by code.
    evaluation : Evaluation
        Of the images that were read, at the bundle's prevalence.
    coverage : mapping of float to mapping of Finding (None: all) to Coverage
        Of the sets that are shipped, at the default operating point.
    operating_points : mapping of str to PneumoniaDecision
        What each of the bundle's does on the images that were read.
    """

    part: str
    images: int
    refused: Counter[str]
    evaluation: Evaluation
    coverage: dict[float, dict[Finding | None, Coverage]]
    operating_points: dict[str, PneumoniaDecision]


def evaluate_reader(
    reader: Reader,
    data: Path,
    out: Path,
    *,
    part: str = "test",
    command: str = "",
    reading: Progress | None = None,
    resampling: Progress | None = None,
) -> EvaluatedReader:
    """Read every image of a part, evaluate the readings, and write figures.json and predictions.csv into `out`.

    Parameters
    ----------
    reader : Reader
        Without a prevalence of its own.
    part : str
        "train", "val" or "test" of the distributed data set.
    command : str
        Noted in figures.json.

    Raises
    ------
    DatasetError
        The data set cannot be used.
    EvaluationError
        The part holds no image, or none could be read.
    OutputError
        `out` cannot be written; told before the first image is read.
    """
    require_writable(out / FIGURES_FILE)
    manifest = open_dataset(data)
    entries = entries_of(manifest, part)
    readings = read_entries(reader, manifest, entries, reading)
    predictions = _predictions(manifest, entries, readings)
    config = reader.bundle.config
    evaluated = EvaluatedReader(
        part=part,
        images=len(entries),
        refused=Counter(r.reasons[0].code for r in readings if r.status is not Status.READ),
        evaluation=evaluate(predictions, progress=resampling),
        coverage={
            level: measure_coverage(predictions.truth, _sets(predictions.probabilities, config, level), level)
            for level in config.conformal
        },
        operating_points=evaluate_decisions(predictions, _points(config)),
    )
    write_predictions(predictions, out / PREDICTIONS_FILE)
    read = [entry for entry, one in zip(entries, readings, strict=True) if one.answer is not None]
    write_json(out / FIGURES_FILE, _record(evaluated, reader, manifest, read, command))
    return evaluated


def _sets(probabilities: FloatArray, config: BundleConfig, level: float) -> NDArray[np.bool_]:
    """Return the prediction sets as they are shipped, at the default operating point, shape (N, 3)."""
    point = config.default_operating_point
    answers = (
        make_answer(row, config, operating_point=point, coverage=level).prediction_set
        for row in probabilities
    )
    return np.array([[finding in findings_of(members) for finding in FINDINGS] for members in answers])


def _points(config: BundleConfig) -> dict[str, OperatingPoint]:
    return {
        name: OperatingPoint(point.threshold, rule=point.rule, target=None, chosen_on="bundle")
        for name, point in config.operating_points.items()
    }


def _predictions(manifest: Manifest, entries: Sequence[Entry], readings: Sequence[Reading]) -> Predictions:
    read = [(entry, r.answer) for entry, r in zip(entries, readings, strict=True) if r.answer is not None]
    if not read:
        raise EvaluationError("reader: every image was refused, there is nothing to evaluate")
    probabilities = np.array([list(by_finding(answer.probabilities).values()) for _, answer in read])
    return Predictions(
        paths=tuple(entry.path for entry, _ in read),
        patients=tuple(entry.patient for entry, _ in read),
        truth=np.array([entry.finding.index for entry, _ in read], dtype=np.int64),
        probabilities=probabilities,
        synthetic=manifest.synthetic,
    )


def _record(
    evaluated: EvaluatedReader, reader: Reader, manifest: Manifest, read: Sequence[Entry], command: str
) -> dict[str, Any]:
    config = reader.bundle.config
    return {
        "schema": 1,
        "command": command,
        "measured_on": datetime.now(UTC).date().isoformat(),
        "bundle": {
            "name": config.name,
            "version": config.version,
            "digest": reader.bundle.digest,
            "model": hashlib.sha256(reader.bundle.model).hexdigest(),
        },
        "data": manifest.digest,
        "data_set": data_set_name(read, synthetic=manifest.synthetic),
        "ages": age_span(map(ages_of, read)),
        "part": evaluated.part,
        "images": evaluated.images,
        "refused": sum(evaluated.refused.values()),
        "refused_by_reason": dict(evaluated.refused),
        "evaluation": evaluated.evaluation.to_json(),
        "coverage": [
            {"finding": None if finding is None else finding.value, **asdict(coverage)}
            for coverages in evaluated.coverage.values()
            for finding, coverage in coverages.items()
        ],
        "operating_points": {
            name: without_nan(asdict(decision)) for name, decision in evaluated.operating_points.items()
        },
    }
