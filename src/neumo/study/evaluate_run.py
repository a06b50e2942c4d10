"""Evaluation of a run on one part of its split: metrics with intervals, operating point, subgroups, report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neumo.core.errors import EvaluationError
from neumo.core.files import require_writable, write_json
from neumo.core.findings import FINDINGS
from neumo.core.message import Message, joined
from neumo.core.progress import Progress
from neumo.core.typed_values import to_plain
from neumo.datasets.manifest import Manifest
from neumo.datasets.split import Split
from neumo.evaluation.evaluate import classification_report, evaluate
from neumo.evaluation.learning_curves.diagnosis import read_curves
from neumo.evaluation.learning_curves.values import CurveReading
from neumo.evaluation.metrics.operating_point import (
    DEFAULT_OPERATING_POINT,
    choose_for_cost,
    choose_for_sensitivity,
)
from neumo.evaluation.predictions import write_predictions
from neumo.evaluation.report.figure_style import save_figures
from neumo.evaluation.report.run_content import PartSummary, ReportContent
from neumo.evaluation.report.run_figures import run_figures
from neumo.evaluation.report.run_report import write_report
from neumo.evaluation.subgroups.evaluate import evaluate_by
from neumo.evaluation.subgroups.values import SubgroupReport
from neumo.evaluation.values import Evaluation, OperatingPoint
from neumo.study.evaluated_runs import METRICS_FILE, PREDICTIONS_FILE, read_history
from neumo.study.gallery import instructive_cases
from neumo.texts.language import Language
from neumo.training.predict import predict_part
from neumo.training.run_folder import RunFolder, now

FIGURES_FOLDER = "figures"
REPORT_FILE = "report.html"


@dataclass(frozen=True)
class EvaluatedRun:
    """Files and metrics of a run's evaluation.

    Attributes
    ----------
    folder : Path
        Holds predictions.csv, metrics.json, report.html and figures/.
    evaluation : Evaluation
    classification_report : str
        In scikit-learn's shape.
    subgroups : tuple of SubgroupReport
    times_evaluated : int
        How often this run was evaluated on this part; more than once on "test" is worth a doubt.
    """

    folder: Path
    evaluation: Evaluation
    classification_report: str
    subgroups: tuple[SubgroupReport, ...]
    times_evaluated: int

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.folder / REPORT_FILE


def evaluate_run(
    run: Path,
    *,
    part: str = "test",
    data: Path | None = None,
    lang: Language = "en",
    by: Sequence[str] = (),
    target_sensitivity: float | None = None,
    cost_ratio: float | None = None,
    resamples: int = 1000,
    predicting: Progress | None = None,
    resampling: Progress | None = None,
) -> EvaluatedRun:
    """Evaluate a run's best weights and write predictions, metrics, figures and the report into its folder.

    Parameters
    ----------
    run : Path
        Folder of a run.
    part : str
        "test", "val", "holdout" or "train".
    data : Path, optional
        Where the data set lies, if it moved since the training.
    lang : str
        "en" or "es": the language of report and figures.
    by : sequence of str
        Manifest columns to evaluate by group.
    target_sensitivity, cost_ratio : float, optional
        Choose the operating point by the one or the other, on the run's validation images.
    resamples : int
        Bootstrap resamples of patients.
    predicting, resampling : callable, optional
        Called with (done, total).

    Raises
    ------
    CheckpointError
        The folder is no run's, its weights cannot be loaded, or the data are others.
    SplitError
        There is no such part.
    EvaluationError
        A column or target cannot be used, or the part holds images of several sources.
    OutputError
        The run's folder cannot be written; told before the first image is predicted.
    """
    folder = RunFolder(run)
    require_writable(folder.evaluation(part) / METRICS_FILE)
    manifest = folder.dataset(data)
    split = folder.split(manifest)
    point = _operating_point(folder, manifest, split, target_sensitivity, cost_ratio)
    _require_one_source(manifest, split.indices(part, manifest))
    predictions = predict_part(folder, manifest, split, part, progress=predicting)
    subgroups = tuple(
        evaluate_by(
            predictions, column, operating_point=point or DEFAULT_OPERATING_POINT, resamples=resamples
        )
        for column in by
    )
    evaluation = evaluate(predictions, operating_point=point, resamples=resamples, progress=resampling)
    evaluated = EvaluatedRun(
        folder=folder.evaluation(part),
        evaluation=evaluation,
        classification_report=classification_report(evaluation),
        subgroups=subgroups,
        times_evaluated=_count(folder, part),
    )
    history = read_history(folder)
    reading = _curves_of(folder, history)
    best_epoch = reading.evidence.best_epoch
    write_predictions(predictions, evaluated.folder / PREDICTIONS_FILE)
    write_json(evaluated.folder / METRICS_FILE, _metrics(evaluated, folder, part, reading))
    figures = run_figures(predictions, evaluation, history=history, best_epoch=best_epoch, lang=lang)
    save_figures(figures, evaluated.folder / FIGURES_FOLDER)
    record = folder.record()
    content = ReportContent(
        title=folder.experiment().description or record["name"],
        run=record["name"],
        created=datetime.now(UTC),
        split_name=part,
        dataset=manifest.root.name,
        evaluation=evaluation,
        predictions=predictions,
        classification_report=evaluated.classification_report,
        history=history,
        best_epoch=best_epoch,
        reading=reading,
        cases=instructive_cases(folder, manifest, predictions),
        subgroups=subgroups,
        parts=_parts(manifest, split),
        config=to_plain(folder.experiment()),
        environment=record["environment"] | {"precision": record["precision"]},
        dataset_digest=manifest.digest,
        split_digest=split.digest,
    )
    write_report(content, evaluated.report, lang, figures)
    return evaluated


def read_run_curves(folder: RunFolder) -> CurveReading:
    """Read a run's learning curves. Raises EvaluationError where it has none."""
    return _curves_of(folder, read_history(folder))


def _curves_of(folder: RunFolder, history: Sequence[Mapping[str, float]]) -> CurveReading:
    record = folder.record()
    images = record["training_images"].values()
    return read_curves(history, record["best_epoch"], majority_share=max(images) / sum(images))


def _require_one_source(manifest: Manifest, positions: Sequence[int]) -> None:
    sources = sorted({manifest.entries[i].source for i in positions})
    if len(sources) > 1:
        raise EvaluationError(
            "the part holds images of {sources}: metrics pooled over sources mostly tell "
            "hospitals apart; give --by source",
            sources=joined(", ", (name or Message("no source") for name in sources)),
        )


def _operating_point(
    folder: RunFolder,
    manifest: Manifest,
    split: Split,
    target_sensitivity: float | None,
    cost_ratio: float | None,
) -> OperatingPoint | None:
    if target_sensitivity is None and cost_ratio is None:
        return None
    validation = predict_part(folder, manifest, split, "val")
    if target_sensitivity is not None:
        return choose_for_sensitivity(validation, target_sensitivity)
    assert cost_ratio is not None
    return choose_for_cost(validation, cost_ratio)


def _parts(manifest: Manifest, split: Split) -> tuple[PartSummary, ...]:
    by_path = {entry.path: entry for entry in manifest.entries}
    parts = {name: [by_path[path] for path in paths] for name, paths in split.parts.items()}
    return tuple(
        PartSummary(
            name=name,
            images={finding: sum(entry.finding is finding for entry in entries) for finding in FINDINGS},
            patients=len({entry.patient for entry in entries}),
        )
        for name, entries in parts.items()
    )


def _count(folder: RunFolder, part: str) -> int:
    """Note in run.json that the part was looked at once more; return how often that makes."""
    counts = folder.record().get("times_evaluated", {})
    times = int(counts.get(part, 0)) + 1
    folder.update(times_evaluated={**counts, part: times})
    return times


def _metrics(
    evaluated: EvaluatedRun, folder: RunFolder, part: str, reading: CurveReading
) -> Mapping[str, Any]:
    return {
        "schema": 1,
        "run": folder.record()["name"],
        "part": part,
        "made": now(),
        "times_evaluated": evaluated.times_evaluated,
        "evaluation": evaluated.evaluation.to_json(),
        "learning_curves": reading.to_json(),
        "subgroups": [report.to_json() for report in evaluated.subgroups],
    }
