from pathlib import Path

import pytest
from tests.support.small_runs import make_run, predictions

from neumo.core.errors import OutputError
from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.learning_curves.diagnosis import read_curves
from neumo.study.compare_runs import compare_runs
from neumo.study.reported import reported_runs
from neumo.study.study_page import ReproducedRun, write_study_page

RECORD = {
    "epochs": 7,
    "best_epoch": 5,
    "seconds": 180.0,
    "precision": "32-true",
    "split": "f" * 64,
    "training_images": {"NORMAL": 20, "VIRAL_PNEUMONIA": 10},
    "environment": {
        "gpus": [],
        "cores": 2,
        "processor": "a processor",
        "packages": {"torch": "2.9"},
        "commit": "c" * 40,
    },
}
HISTORY = [{"train_loss": 1 / epoch, "val_loss": 1 / epoch} for epoch in range(1, 9)]


def finished(number: int, figures: Path | None) -> ReproducedRun:
    evaluation = evaluate(predictions(seed=number, skill=2.0), resamples=40)
    return ReproducedRun(number, "finished", evaluation, RECORD, read_curves(HISTORY), figures)


def test_the_page_shows_each_run_beside_the_studys(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "study.md"
    runs = [
        finished(1, page.with_suffix("") / "run1"),
        ReproducedRun(2, "interrupted, not finished", None, {}, None, None),
        finished(3, None),
    ]
    for name in ("run1", "run3"):
        make_run(tmp_path / name, seed=len(name), skill=1.0)
    comparison = compare_runs([tmp_path / "run1", tmp_path / "run3"], resamples=40)
    write_study_page(page, reported_runs(), runs, comparison, command="neumo reproduce --data DIR")
    text = page.read_text(encoding="utf-8")
    assert "Written by `neumo reproduce --data DIR`" in text
    assert "Synthetic phantoms" in text, "phantoms are called so"
    assert "(120 images of 60 patients)" in text and "from 40 bootstrap resamples" in text
    assert text.count("**neumo**") == 2
    assert "*interrupted, not finished*" in text and "*not trained*" in text
    assert "No metrics: interrupted, not finished." in text and "No metrics: not trained." in text
    assert "7 epochs, best 5, in 3 minutes on 2 cores of a processor" in text
    assert "Trained on 20 NORMAL, 10 VIRAL_PNEUMONIA images" in text
    assert "](study/run1/learning_curves.png)" in text and "study/run3" not in text
    assert "## Compared" in text
    accuracy = runs[0].evaluation
    assert accuracy is not None and str(accuracy.overall["accuracy"]) in text


def test_the_studys_accuracies_have_wilson_intervals(tmp_path: Path) -> None:
    write_study_page(tmp_path / "study.md", reported_runs(), [], None, command="neumo reproduce")
    text = (tmp_path / "study.md").read_text(encoding="utf-8")
    # 499 of 624, Wilson: 0.766 to 0.829.
    assert "study | 0.80 (0.77-0.83)" in text
    assert "bootstrap resamples" not in text and "## Compared" not in text


def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_study_page(tmp_path / "file" / "study.md", reported_runs(), [], None, command="")
