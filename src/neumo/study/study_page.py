"""The page docs/results/study.md: our four runs beside the study's."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neumo.core.files import write_text
from neumo.core.findings import FINDINGS, Finding
from neumo.core.statistics import wilson
from neumo.evaluation.comparison.sentences import conclusion
from neumo.evaluation.comparison.values import Comparison
from neumo.evaluation.learning_curves.values import CurveReading
from neumo.evaluation.metrics.classification import measure, unit_weights
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.values import Evaluation
from neumo.study.reported import ReportedRun

_LETTERS = {Finding.NORMAL: "N", Finding.BACTERIAL_PNEUMONIA: "B", Finding.VIRAL_PNEUMONIA: "V"}


@dataclass(frozen=True)
class ReproducedRun:
    """One of the four runs as it stands here.

    Attributes
    ----------
    number : int
    status : str
        "finished", or why there are no metrics.
    evaluation : Evaluation or None
        On the official test images; None where the run is not finished.
    record : mapping
        Content of run.json; empty where the run was not begun.
    reading : CurveReading or None
        What the learning curves say.
    figures : Path or None
        Folder of the run's figures.
    """

    number: int
    status: str
    evaluation: Evaluation | None
    record: Mapping[str, object]
    reading: CurveReading | None
    figures: Path | None


def write_study_page(
    target: Path,
    reported: Sequence[ReportedRun],
    runs: Sequence[ReproducedRun],
    comparison: Comparison | None,
    *,
    by_seed: Mapping[int, Mapping[int, Predictions]] = MappingProxyType({}),
    command: str,
) -> None:
    """Write the page as Markdown, atomically; a run without metrics keeps its row, empty, with the reason.

    `by_seed` holds the predictions on the official test images of each run (1 to 4) by its seed.

    Raises
    ------
    OutputError
        The page cannot be written.
    """
    by_number = {run.number: run for run in runs}
    lines = [*_head(runs, command), *_overview(reported, by_number), *_seeds(reported, by_seed)]
    for original in reported:
        lines += _run_section(original, by_number.get(original.number), target.parent)
    if comparison is not None:
        lines += ["", "## Compared", "", *conclusion(comparison, "en").splitlines()]
    write_text(target, "\n".join(lines) + "\n")


def _head(runs: Sequence[ReproducedRun], command: str) -> Iterator[str]:
    evaluations = [run.evaluation for run in runs if run.evaluation is not None]
    yield "# The study's four runs, reproduced"
    yield ""
    if any(evaluation.synthetic for evaluation in evaluations):
        yield "> **Synthetic phantoms: these metrics say nothing about patients.**"
        yield ""
    yield f"Written by `{command}`. Every metric of ours is measured on the official test set"
    if evaluations:
        first = evaluations[0]
        yield (
            f"({first.images} images of {first.patients} patients), after all choices were made on training "
            f"and validation images, with a 95 % interval from {first.resamples} bootstrap resamples of patients."
        )
    yield "The study's metrics are its own; to its accuracies we add Wilson 95 % intervals over images."
    yield ""


def _overview(reported: Sequence[ReportedRun], runs: Mapping[int, ReproducedRun]) -> Iterator[str]:
    yield "| run | change | | accuracy | macro-F1 | recall B | recall N | recall V |"
    yield "|---|---|---|---|---|---|---|---|"
    for original in reported:
        right = wilson(int(np.trace(original.confusion)), int(original.confusion.sum()))
        recalls = " | ".join(f"{original.report[finding][1]:.2f}" for finding in _order())
        yield (
            f"| {original.number} | {original.change} | study | {original.accuracy:.2f} "
            f"({right.low:.2f}-{right.high:.2f}) | {original.macro_f1:.2f} | {recalls} |"
        )
        yield _our_row(original.number, runs.get(original.number))


def _our_row(number: int, run: ReproducedRun | None) -> str:
    if run is None or run.evaluation is None:
        return f"| {number} | *{run.status if run else 'not trained'}* | neumo | | | | | |"
    evaluation = run.evaluation
    recalls = " | ".join(str(evaluation.by_class[finding.index].recall) for finding in _order())
    accuracy, macro_f1 = evaluation.overall["accuracy"], evaluation.overall["macro_f1"]
    return f"| {number} | | **neumo** | **{accuracy}** | {macro_f1} | {recalls} |"


def _seeds(
    reported: Sequence[ReportedRun], by_seed: Mapping[int, Mapping[int, Predictions]]
) -> Iterator[str]:
    """Mean and standard deviation over seeds, and whether the study's metrics lie among them."""
    yield ""
    if max((len(found) for found in by_seed.values()), default=0) < 2:
        yield "Each run was trained with one seed, so how far seeds alone move its metrics is not known."
        return
    yield "## Over seeds"
    yield ""
    yield (
        "Mean ± standard deviation over runs that differ in their seed only, with their range. The study trained each "
        "run once: its metric is among ours where it lies in that range."
    )
    yield ""
    yield "| run | seeds | metric | neumo | range | study | among ours |"
    yield "|---|---|---|---|---|---|---|"
    for original in reported:
        found = by_seed.get(original.number, {})
        if len(found) < 2:
            continue
        measured = [measure(predictions, unit_weights(predictions)) for predictions in found.values()]
        for metric, studys in (("accuracy", original.accuracy), ("macro_f1", original.macro_f1)):
            ours = np.array([float(values[metric][0]) for values in measured])
            # The study printed two decimals.
            among = np.round(ours.min(), 2) <= studys <= np.round(ours.max(), 2)
            seeds, spread = ", ".join(map(str, found)), f"{ours.mean():.3f} ± {ours.std(ddof=1):.3f}"
            yield (
                f"| {original.number} | {seeds} | {metric} | {spread} | {ours.min():.3f}-{ours.max():.3f} | "
                f"{studys:.2f} | {'yes' if among else 'no'} |"
            )


def _run_section(original: ReportedRun, run: ReproducedRun | None, folder: Path) -> Iterator[str]:
    yield ""
    yield f"## Run {original.number}: {original.change}"
    yield ""
    if run is None or run.evaluation is None:
        yield f"No metrics: {run.status if run else 'not trained'}."
        return
    yield _how_it_was_made(run)
    yield ""
    yield from _confusions(original.confusion, run.evaluation.confusion)
    yield ""
    overall = run.evaluation.overall
    yield (
        f"AUROC normal against pneumonia {overall['auroc_normal_vs_pneumonia']}, bacterial against viral "
        f"{overall['auroc_bacterial_vs_viral']}; expected calibration error {overall['expected_calibration_error']}."
    )
    if run.reading is not None:
        yield ""
        yield run.reading.words("en")
    if run.figures is not None:
        relative = Path(os.path.relpath(run.figures, folder)).as_posix()
        yield ""
        yield f"![Learning curves of run {original.number}]({relative}/learning_curves.png)"
        yield f"![Confusion matrix of run {original.number}]({relative}/confusion_matrix.png)"


def _how_it_was_made(run: ReproducedRun) -> str:
    record = run.record
    environment = record["environment"]
    images = record["training_images"]
    assert isinstance(environment, Mapping)
    assert isinstance(images, Mapping)
    hardware = ", ".join(environment["gpus"]) or f"{environment['cores']} cores of {environment['processor']}"
    counts = ", ".join(f"{count} {finding}" for finding, count in images.items())
    return (
        f"{record['epochs']} epochs, best {record['best_epoch']}, in "
        f"{float(str(record['seconds'])) / 60:.0f} minutes on {hardware} "
        f"({record['precision']}, torch {environment['packages']['torch']}, commit "
        f"{str(environment['commit'])[:12]}). Trained on {counts} images; split `{str(record['split'])[:12]}`."
    )


def _confusions(study: NDArray[np.int64], ours: NDArray[np.int64]) -> Iterator[str]:
    called = " | ".join(f"{_LETTERS[finding]}" for finding in FINDINGS)
    yield f"| truth | study: called {called} | neumo: called {called} |"
    yield "|---" * 7 + "|"
    for finding in FINDINGS:
        cells = " | ".join(str(n) for matrix in (study, ours) for n in matrix[finding.index])
        yield f"| {finding} | {cells} |"


def _order() -> tuple[Finding, Finding, Finding]:
    return Finding.BACTERIAL_PNEUMONIA, Finding.NORMAL, Finding.VIRAL_PNEUMONIA
