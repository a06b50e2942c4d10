"""The study from end to end: train and evaluate its four runs, compare them, write the page."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from neumo.core.errors import CheckpointError, ConfigError, EvaluationError
from neumo.core.files import require_writable
from neumo.core.message import Message
from neumo.core.progress import Progress
from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.predictions import Predictions
from neumo.study.compare_runs import compare_runs
from neumo.study.evaluate_run import FIGURES_FOLDER, evaluate_run, read_run_curves
from neumo.study.evaluated_runs import evaluated_predictions
from neumo.study.reported import reported_runs
from neumo.study.study_page import ReproducedRun, write_study_page
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.run_folder import RunFolder

PAGE_FIGURES = ("learning_curves.png", "confusion_matrix.png")
NUMBERS = (1, 2, 3, 4)


def reproduce(
    numbers: Sequence[int],
    data: Path,
    *,
    experiments: Path,
    runs: Path,
    page: Path,
    seeds: Sequence[int] = (),
    overrides: Sequence[str] = (),
    console: Console | None = None,
    decoding: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Train and evaluate the chosen runs, each resumed where it was left, and write the page after each.

    Parameters
    ----------
    numbers : sequence of int
        Which of the four runs.
    data : Path
        Data set folder or manifest.
    experiments : Path
        Folder of run1.yaml to run4.yaml.
    runs : Path
        Folder in which the runs' folders lie.
    page : Path
        Markdown file to write; figures go into a folder of its name beside it.
    seeds : sequence of int
        Seeds with which every run is trained, one after the other; the experiment's own where there is none. A
        run of another seed than the experiment's lies in runN-seedS.
    overrides : sequence of str
        `key=value` changes to every experiment; the page's command names them.
    say : callable
        Called with a line about what happens next.

    Returns
    -------
    Path
        The page. Runs that were not chosen or not finished keep a row without metrics.

    Raises
    ------
    ConfigError
        There is no such run.
    OutputError
        The page cannot be written; told before anything is trained.
    """
    for number in numbers:
        if number not in NUMBERS:
            raise ConfigError(
                "--runs: {number} is none of the study's runs; use {numbers}",
                number=number,
                numbers=", ".join(map(str, NUMBERS)),
            )
    require_writable(page)
    each: Sequence[int | None] = seeds or [None]
    wanted = [(number, seed) for seed in each for number in numbers]
    settings = {
        (number, seed): load_experiment(
            experiments / f"run{number}.yaml", [*overrides, *([] if seed is None else [f"seed={seed}"])]
        )
        for number, seed in wanted
    }
    own = {number: load_experiment(experiments / f"run{number}.yaml", overrides).seed for number in numbers}
    for number, seed in wanted:
        experiment = settings[number, seed]
        name = f"run{number}" if experiment.seed == own[number] else f"run{number}-seed{seed}"
        folder = runs / name
        say(
            Message(
                "run {number}: {description}, seed {seed}",
                number=number,
                description=experiment.description,
                seed=experiment.seed,
            )
        )
        outcome = train(experiment, data, folder, resume=True, console=console, decoding=decoding)
        if outcome.status != "finished":
            say(
                Message(
                    "run {number}: interrupted after {epochs} epochs; the same command goes on",
                    number=number,
                    epochs=outcome.epochs,
                )
            )
            break
        if not (RunFolder(folder).evaluation("test") / FIGURES_FOLDER).is_dir():
            evaluate_run(folder, data=data)
        write_page(runs, page, overrides)
    return write_page(runs, page, overrides)


def write_page(runs: Path, page: Path, overrides: Sequence[str] = ()) -> Path:
    """Write the page from the runs as they stand on disk, and copy the figures that it shows."""
    figures = page.with_suffix("")
    standing = [_standing(number, runs / f"run{number}", figures) for number in NUMBERS]
    evaluated = [runs / f"run{run.number}" for run in standing if run.evaluation is not None]
    by_seed = {number: _by_seed(number, runs) for number in NUMBERS}
    command = " ".join(["neumo reproduce --data DIR", *(f"--set {override}" for override in overrides)])
    write_study_page(
        page,
        reported_runs(),
        standing,
        compare_runs(evaluated) if len(evaluated) > 1 else None,
        by_seed=by_seed,
        command=command,
    )
    return page


def _standing(number: int, run: Path, figures: Path) -> ReproducedRun:
    folder = RunFolder(run)
    try:
        record = folder.record()
    except CheckpointError:
        return ReproducedRun(number, "not trained yet", None, {}, None, None)
    if record["status"] != "finished":
        return ReproducedRun(number, f"{record['status']}, not finished", None, record, None, None)
    try:
        evaluation = evaluate(evaluated_predictions(run, "test"))
    except EvaluationError:
        return ReproducedRun(number, "trained, not evaluated yet", None, record, None, None)
    copied = _copy_figures(folder, figures / f"run{number}")
    return ReproducedRun(number, "finished", evaluation, record, read_run_curves(folder), copied)


def _by_seed(number: int, runs: Path) -> dict[int, Predictions]:
    """Predictions of the finished and evaluated runs of one number, by their seeds."""
    found = {}
    for run in (runs / f"run{number}", *sorted(runs.glob(f"run{number}-seed*"))):
        try:
            if RunFolder(run).record()["status"] == "finished":
                found[RunFolder(run).experiment().seed] = evaluated_predictions(run, "test")
        except (CheckpointError, EvaluationError):
            continue
    return dict(sorted(found.items()))


def _copy_figures(folder: RunFolder, target: Path) -> Path | None:
    source = folder.evaluation("test") / FIGURES_FOLDER
    if not all((source / name).is_file() for name in PAGE_FIGURES):
        return None
    target.mkdir(parents=True, exist_ok=True)
    for name in PAGE_FIGURES:
        shutil.copyfile(source / name, target / name)
    return target
