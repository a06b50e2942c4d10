import json
from pathlib import Path

import numpy as np
import pytest

from neumo.core.errors import CheckpointError, ConfigError, EvaluationError, OutputError, SplitError
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import write_manifest
from neumo.evaluation.predictions import read_predictions
from neumo.study.evaluate_run import evaluate_run, read_run_curves
from neumo.training.config import load_experiment
from neumo.training.fit import train
from neumo.training.run_folder import RunFolder


def test_an_evaluation_leaves_predictions_metrics_figures_and_the_report(run: Path) -> None:
    steps: list[str] = []
    evaluated = evaluate_run(
        run,
        part="val",
        lang="es",
        cost_ratio=5.0,
        resamples=40,
        predicting=lambda done, total: steps.append(f"predicting {done}/{total}"),
        resampling=lambda done, total: steps.append(f"resampling {done}/{total}"),
    )
    assert evaluated.folder == run / "evaluation" / "val"
    assert {file.name for file in evaluated.folder.iterdir()} == {
        "predictions.csv", "metrics.json", "report.html", "figures",
    }  # fmt: skip
    metrics = json.loads((evaluated.folder / "metrics.json").read_text())
    accuracy = evaluated.evaluation.overall["accuracy"].value
    assert metrics["evaluation"]["overall"]["accuracy"]["value"] == accuracy
    assert (metrics["part"], metrics["run"], metrics["times_evaluated"]) == ("val", "run1", 1)
    predictions = read_predictions(evaluated.folder / "predictions.csv", synthetic=True)
    assert accuracy == pytest.approx(np.mean(predictions.decisions == predictions.truth))
    default, chosen = evaluated.evaluation.decisions
    assert (default.operating_point.rule, chosen.operating_point.rule) == ("default", "cost-ratio")
    assert '<html lang="es"' in evaluated.report.read_text(encoding="utf-8")
    assert (evaluated.folder / "figures" / "learning_curves.png").stat().st_size > 0
    assert steps[0].startswith("predicting") and steps[-1] == "resampling 40/40"
    assert evaluated.classification_report.split()[:4] == ["precision", "recall", "f1-score", "support"]


def test_each_look_at_a_part_is_counted(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neumo.study.evaluate_run.run_figures", lambda *_, **__: {})
    monkeypatch.setattr("neumo.study.evaluate_run.write_report", lambda *_: None)
    looks = [evaluate_run(run, part=part, resamples=40).times_evaluated for part in ("test", "val", "test")]
    assert looks == [1, 1, 2]
    assert RunFolder(run).record()["times_evaluated"] == {"test": 2, "val": 1}


def test_a_column_of_the_manifest_gives_subgroups(experiments: Path, phantoms: Path, tmp_path: Path) -> None:
    manifest = open_dataset(phantoms)
    table = phantoms.parent / "with-sex.csv"
    write_manifest(manifest, table)
    header, *rows = table.read_text().splitlines()
    sexed = [f"{row},{'FM'[number % 2]}" for number, row in enumerate(rows)]
    table = phantoms / "with-sex.csv"
    table.write_text("\n".join([f"{header},sex", *sexed]) + "\n")
    try:
        train(load_experiment(experiments / "run1.yaml", ["schedule.max_epochs=1"]), table, tmp_path / "run")
        evaluated = evaluate_run(
            tmp_path / "run", part="val", by=["sex"], target_sensitivity=0.9, resamples=40
        )
    finally:
        table.unlink()
    (report,) = evaluated.subgroups
    assert [group.name for group in report.groups] == ["F", "M"]
    assert report.operating_point.target == 0.9
    stored = json.loads((evaluated.folder / "metrics.json").read_text())["subgroups"]
    assert stored[0]["column"] == "sex"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"part": "holdout"}, SplitError, "holdout"),
        ({"by": ["sex"]}, EvaluationError, "sex"),
        ({"target_sensitivity": 1.5}, EvaluationError, "target sensitivity"),
        ({"lang": "fr"}, ConfigError, "fr"),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(
    run: Path, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        evaluate_run(run, resamples=40, **options)  # type: ignore[arg-type]


def test_an_unwritable_run_is_told_before_any_image_is_predicted(run: Path) -> None:
    (run / "evaluation").write_text("a file where a folder is needed")
    with pytest.raises(OutputError, match="is no folder"):
        evaluate_run(run, predicting=lambda done, total: pytest.fail("predicted"))


def test_other_data_are_refused(run: Path, tmp_path: Path, phantoms: Path) -> None:
    with pytest.raises(CheckpointError, match="is not the data"):
        evaluate_run(run, data=phantoms / "train")


def test_learning_curves_are_read_from_the_run(run: Path) -> None:
    reading = read_run_curves(RunFolder(run))
    assert reading.evidence.epochs == 2 and reading.verdict == "too short"
