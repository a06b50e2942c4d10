"""Train the runs of a plan one after another, in the background, for hours; skip what is finished, resume what is not.

    nice -n 19 python benchmarks/train_plan.py experiments/hospitals-plan.yaml --data MANIFEST.csv --runs DIR
        [--other OTHER.csv] [--only NAME...]

Start it again after any interruption: finished runs are skipped, begun ones go on after their last whole epoch. Start it
twice and the two share the work, each run held by a lock that ends with its process. Every training has one thread: on
two cores that others use too, two trainings of one thread each do three times the work of one with two threads, which
wait for each other. After each run `hospital_metrics.py` writes DIR/NAME.metrics/ and DIR/NAME.metrics.txt;
DIR/plan.log says what happened when.
"""

import argparse
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from neumo.core.errors import CheckpointError
from neumo.training.run_folder import RunFolder

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("plan", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument(
        "--other", type=Path, help="manifest of a source that is evaluated and never trained on"
    )
    parser.add_argument("--only", nargs="+", default=[])
    options = parser.parse_args()
    options.runs.mkdir(parents=True, exist_ok=True)
    failed: set[str] = set()
    while True:
        plan = yaml.safe_load(options.plan.read_text(encoding="utf-8"))  # read anew: it may have grown
        experiment = options.plan.parent / plan["experiment"]
        wanted = [run for run in plan["runs"] if not options.only or run["name"] in options.only]
        if not any(attempt(run, experiment, options, failed) for run in wanted):
            break
    note(options.runs, f"nothing left to do{'; failed: ' + ', '.join(sorted(failed)) if failed else ''}")
    sys.exit(bool(failed))


def attempt(run: dict[str, Any], experiment: Path, options: argparse.Namespace, failed: set[str]) -> bool:
    """Train and evaluate one run unless it is finished, held by another process, or waits; True where it was run."""
    name, folder = run["name"], options.runs / run["name"]
    metrics = folder.with_suffix(".metrics.txt")
    if name in failed or not all(finished(options.runs / other) for other in run.get("after", [])):
        return False
    with locked(folder.with_suffix(".lock")) as mine:
        if not mine or (finished(folder) and metrics.exists()):
            return False
        if not finished(folder):
            note(options.runs, f"{name}: training")
            command = [
                sys.executable,
                "-m",
                "neumo.cli.main",
                "train",
                str(run.get("experiment") or experiment),
            ]
            settings = [part for value in run.get("set", []) for part in ("--set", value)]
            command += ["--data", str(options.data), "--out", str(folder), "--resume", *settings]
            if not done(command, folder.with_suffix(".log")):
                note(options.runs, f"{name}: FAILED, see {folder.with_suffix('.log')}")
                failed.add(name)
                return True
        note(options.runs, f"{name}: evaluating")
        other = ["--other", str(options.other)] if options.other else []
        command = [
            sys.executable,
            str(HERE / "hospital_metrics.py"),
            str(folder),
            "--data",
            str(options.data),
            "--out",
            str(folder.with_suffix(".evaluation")),
            *other,
            "--out",
            str(folder.with_suffix(".metrics")),
        ]
        beside = metrics.with_suffix(".new")
        beside.unlink(missing_ok=True)
        if done(command, beside):
            beside.replace(metrics)
            note(options.runs, f"{name}: finished, {metrics}")
        else:
            note(options.runs, f"{name}: could not be evaluated, see {beside}")
            failed.add(name)
    return True


def finished(folder: Path) -> bool:
    try:
        return bool(RunFolder(folder).record()["status"] == "finished")
    except CheckpointError:
        return False


@contextmanager
def locked(file: Path) -> Iterator[bool]:
    """Hold a lock that ends with this process; False where another process holds it."""
    with file.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def done(command: list[str], log: Path) -> bool:
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"), "COLUMNS": "200"}
    with log.open("a") as stream:
        return (
            subprocess.run(command, stdout=stream, stderr=stream, env=environment, check=False).returncode
            == 0
        )


def note(runs: Path, text: str) -> None:
    line = f"{datetime.now():%Y-%m-%d %H:%M:%S} [{os.getpid()}] {text}"
    print(line, flush=True)
    with (runs / "plan.log").open("a") as stream:
        stream.write(line + "\n")


if __name__ == "__main__":
    main()
