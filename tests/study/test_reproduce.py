import shutil
from pathlib import Path
from typing import Any

import pytest

from neumo.core.errors import ConfigError, OutputError
from neumo.study import reproduce as module
from neumo.study.reproduce import reproduce, write_page
from neumo.training.config import Experiment
from neumo.training.fit import Outcome, train
from neumo.training.run_folder import RunFolder


def test_a_finished_run_is_evaluated_and_written_up(
    run: Path, experiments: Path, phantoms: Path, tmp_path: Path
) -> None:
    page, said = tmp_path / "page" / "study.md", list[str]()
    weights = (run / "model.safetensors").stat().st_mtime_ns
    written = reproduce([1], phantoms, experiments=experiments, runs=run.parent, page=page, say=said.append)
    assert written == page
    text = page.read_text(encoding="utf-8")
    assert text.count("**neumo**") == 1 and text.count("*not trained yet*") == 3
    assert (page.parent / "study" / "run1" / "learning_curves.png").is_file()
    assert said[0].startswith("run 1:")
    assert (run / "model.safetensors").stat().st_mtime_ns == weights, "a finished run is not trained again"
    reproduce([1], phantoms, experiments=experiments, runs=run.parent, page=page)
    assert RunFolder(run).record()["times_evaluated"] == {"test": 1}, "nor evaluated again"


def test_two_evaluated_runs_are_compared(
    run: Path, phantoms: Path, experiments: Path, tmp_path: Path
) -> None:
    page = tmp_path / "study.md"
    reproduce([1], phantoms, experiments=experiments, runs=run.parent, page=page)
    shutil.copytree(run, run.parent / "run3")
    assert "## Compared" in write_page(run.parent, page, ["seed=7"]).read_text(encoding="utf-8")
    assert "neumo reproduce --data DIR --set seed=7" in page.read_text(encoding="utf-8")


def test_further_seeds_go_on_where_they_were_and_give_the_spread(
    run: Path, phantoms: Path, experiments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "study.md"
    options: dict[str, Any] = {
        "experiments": experiments,
        "runs": run.parent,
        "page": page,
        "overrides": ["schedule.max_epochs=1"],
    }
    trained: list[tuple[str, int]] = []

    def train_once(experiment: Experiment, data: Path, folder: Path, **settings: Any) -> Outcome:
        trained.append((folder.name, experiment.seed))
        return train(experiment, data, folder, **settings)

    monkeypatch.setattr(module, "train", train_once)
    shutil.rmtree(run)
    reproduce([1], phantoms, seeds=[5, 6], **options)
    assert trained == [("run1", 5), ("run1-seed6", 6)]
    text = page.read_text(encoding="utf-8")
    assert "## Over seeds" in text and "| 1 | 5, 6 | accuracy |" in text and "±" in text
    reproduce([1], phantoms, seeds=[5, 6, 7], **options)
    assert (run.parent / "run1-seed7").is_dir()
    assert RunFolder(run.parent / "run1-seed6").record()["times_evaluated"] == {"test": 1}
    assert "| 1 | 5, 6, 7 | macro_f1 |" in page.read_text(encoding="utf-8")


def test_one_seed_is_said_to_be_one(run: Path, experiments: Path, phantoms: Path, tmp_path: Path) -> None:
    page = reproduce([1], phantoms, experiments=experiments, runs=run.parent, page=tmp_path / "study.md")
    assert "trained with one seed" in page.read_text(encoding="utf-8")


def test_runs_without_metrics_keep_a_row_with_the_reason(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, run.parent / "run2")
    RunFolder(run.parent / "run2").update(status="interrupted")
    text = write_page(run.parent, tmp_path / "study.md").read_text(encoding="utf-8")
    assert "*trained, not evaluated yet*" in text
    assert "*interrupted, not finished*" in text
    assert not (tmp_path / "study").exists()


def test_an_interrupted_run_ends_the_command_with_its_page(
    run: Path, experiments: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = Outcome(RunFolder(run), "interrupted", 1, 1, 0.5)
    monkeypatch.setattr(module, "train", lambda *_, **__: outcome)
    shutil.copy(experiments / "run1.yaml", tmp_path / "run1.yaml")
    shutil.copy(experiments / "run1.yaml", tmp_path / "run2.yaml")
    said = list[str]()
    page = reproduce(
        [1, 2], phantoms, experiments=tmp_path, runs=run.parent, page=tmp_path / "study.md", say=said.append
    )
    assert page.is_file() and said[-1] == "run 1: interrupted after 1 epochs; the same command goes on"


def test_what_cannot_be_done_is_told_before_training(
    experiments: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "train", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(ConfigError, match="9 is none of the study's runs"):
        reproduce([9], phantoms, experiments=experiments, runs=tmp_path, page=tmp_path / "study.md")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        reproduce([1], phantoms, experiments=experiments, runs=tmp_path, page=tmp_path / "file" / "study.md")
