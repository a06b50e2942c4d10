"""A sweep: recipes on folds with seeds; a run that fails costs itself alone, and the same command goes on."""

import csv
import json
import signal
from pathlib import Path

import pytest
from tests.support.commands import call_neumo

from neumo.core.errors import ClusterError, ConfigError
from neumo.evaluation.values import Estimate
from neumo.study.sweep.one_run import train_one
from neumo.study.sweep.plan import planned_runs
from neumo.study.sweep.sweep import one_after_the_other, sweep
from neumo.study.sweep.table import evaluate_sweep, write_table

SHORT = ["schedule.max_epochs=1", "model.options={filters: [2, 4], dense: 4, dropout: 0}"]


def test_recipes_folds_and_seeds_are_planned_seed_by_seed(tiny: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(tiny.read_text().replace("name: tiny", "name: other").replace("seed: 5", "seed: 50"))
    runs = planned_runs([tiny, other], tmp_path, folds=2, seeds=2, overrides=SHORT)
    assert [run.name for run in runs] == [
        "tiny/fold0-seed5", "tiny/fold1-seed5", "other/fold0-seed50", "other/fold1-seed50",
        "tiny/fold0-seed6", "tiny/fold1-seed6", "other/fold0-seed51", "other/fold1-seed51",
    ]  # fmt: skip
    assert {run.experiment.split.folds for run in runs} == {2}
    assert {run.experiment.schedule.max_epochs for run in runs} == {1}
    assert [run.name for run in planned_runs([tiny], tmp_path, seeds=2)] == ["tiny/seed5", "tiny/seed6"]
    with pytest.raises(ConfigError, match="two recipes are named tiny"):
        planned_runs([tiny, tiny], tmp_path)


def test_a_failed_run_costs_itself_and_a_finished_one_is_not_repeated(
    tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_NTASKS", "8")  # as a worker of Ray may inherit it
    runs = planned_runs([tiny], tmp_path / "sweep", folds=2, seeds=1, overrides=SHORT)
    runs[0].folder.parent.mkdir(parents=True)
    runs[0].folder.write_text("a file where the run's folder should be")
    first, second = sweep(runs, phantoms)
    assert first.fault
    assert not second.fault
    rows, missing = evaluate_sweep(runs, phantoms, resamples=40)
    assert (rows, missing) == ([], {"tiny, seed 5": "fold0-seed5"})
    runs[0].folder.unlink()
    assert [ended.name for ended in sweep(runs, phantoms)] == ["tiny/fold0-seed5"]
    rows, missing = evaluate_sweep(runs, phantoms, resamples=40)
    assert not missing
    assert {row.metric for row in rows} >= {"accuracy", "auroc_normal_vs_pneumonia"}
    write_table(tmp_path, rows, missing)
    with (tmp_path / "table.csv").open() as stream:
        assert [row["deviation"] for row in csv.DictReader(stream)] == [""] * len(rows)
    assert "epoch 1/1" in runs[0].folder.with_suffix(".log").read_text()


def test_an_interrupted_run_ends_the_sweep_and_a_lost_one_is_told(
    tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = planned_runs([tiny], tmp_path, folds=2, overrides=SHORT)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    original = train_one.__globals__["train"]

    def interrupted(*words: object, **options: object) -> object:
        return original(*words, **options, before_first_step=lambda: signal.raise_signal(signal.SIGINT))

    monkeypatch.setitem(train_one.__globals__, "train", interrupted)
    try:
        assert [ended.interrupted for ended in sweep(runs, phantoms)] == [True]
    finally:
        signal.signal(signal.SIGINT, before)
    lost = ClusterError("Ray: {kind}", kind="WorkerCrashedError")
    told = list(sweep(runs, phantoms, launch=lambda _, missing: [(run, lost) for run in missing]))
    assert [ended.fault for ended in told] == ["Ray: WorkerCrashedError"] * 2
    assert list(one_after_the_other(lambda run: told[0], [])) == []


def test_the_table_has_mean_and_deviation_over_seeds_within_each_source() -> None:
    from neumo.study.sweep.table import _row

    row = _row("r", "s", "accuracy", {1: Estimate(0.8, 0.7, 0.9), 2: Estimate(0.6, 0.4, 0.8)})
    expected = [0.7, 0.2 / 2**0.5, 0.55, 0.85]
    assert [row.mean, row.deviation, row.low, row.high] == pytest.approx(expected)


def test_the_command_trains_tabulates_and_does_nothing_when_it_is_repeated(
    tiny: Path, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "sweep",
        tiny,
        "--data",
        phantoms,
        "--out",
        tmp_path / "sweep",
        "--seeds",
        "2",
        "--resamples",
        "40",
    ]
    words += [part for override in SHORT for part in ("--set", override)]
    assert "tiny/seed6 is finished" in call_neumo(capsys, *words)
    rows = json.loads((tmp_path / "sweep/table.json").read_text())["rows"]
    assert {tuple(row["seeds"]) for row in rows} == {(5, 6)}
    again = call_neumo(capsys, *words, "--lang", "es")
    assert "semillas" in again
    assert "tiny/seed6" not in again
