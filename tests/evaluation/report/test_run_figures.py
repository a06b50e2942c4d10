"""Figures of a run and of a comparison."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from tests.support.report_samples import Simulate, made_up

from neumo.core.errors import OutputError
from neumo.evaluation.comparison.compare import compare
from neumo.evaluation.comparison.figures import comparison_figures
from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.predictions import Predictions
from neumo.evaluation.report.confusion_figure import confusion_matrix
from neumo.evaluation.report.figure_style import save_figures
from neumo.evaluation.report.run_figures import learning_curves, run_figures
from neumo.evaluation.values import Evaluation, OperatingPoint
from neumo.texts.language import LANGUAGES, Language

Evaluated = tuple[Predictions, Evaluation]
Figures = dict[Language, dict[str, Figure]]
"""Maps a language and a name to a figure."""

HISTORY = [
    {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "val_loss": 0.3 + 1 / epoch,
        "train_accuracy": 1 - 0.5 / epoch,
        "val_accuracy": 0.9 - 0.5 / epoch,
        "learning_rate": 1e-4 if epoch < 6 else 5e-5,
    }
    for epoch in range(1, 11)
]


def _texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()}


def _all_text(figure: Figure) -> str:
    return "\n".join(sorted(_texts(figure)))


@pytest.fixture(scope="module")
def evaluated() -> Evaluated:
    predictions = made_up(120)
    point = OperatingPoint(0.3, rule="cost-ratio", target=5.0, chosen_on="validation")
    return predictions, evaluate(predictions, operating_point=point, resamples=40)


@pytest.fixture(scope="module")
def figures(evaluated: Evaluated) -> Figures:
    return {lang: run_figures(*evaluated, history=HISTORY, best_epoch=7, lang=lang) for lang in LANGUAGES}


def test_every_figure_of_a_run_is_drawn_in_both_languages(figures: Figures) -> None:
    wanted = {"learning_curves", "confusion_matrix", "roc", "precision_recall", "reliability", "trade_off"}
    assert set(figures["en"]) == set(figures["es"]) == wanted
    for name in wanted:
        english, spanish = _texts(figures["en"][name]), _texts(figures["es"][name])
        assert english != spanish, name


def test_areas_in_the_legends_are_those_of_the_evaluation(evaluated: Evaluated, figures: Figures) -> None:
    _, evaluation = evaluated
    words = _all_text(figures["en"]["roc"])
    areas = [report.auroc for report in evaluation.by_class]
    areas += [evaluation.overall["auroc_normal_vs_pneumonia"], evaluation.overall["auroc_bacterial_vs_viral"]]
    for area in areas:
        assert f"{area.value:.3f} ({area.low:.3f}–{area.high:.3f})" in words


def test_the_confusion_matrix_shows_every_count_and_its_share_of_the_truth() -> None:
    shown = _texts(confusion_matrix(np.array([[30, 10, 0], [1, 17, 2], [0, 0, 0]])))
    assert {"30", "10", "17", "75.0\xa0%", "25.0\xa0%", "5.0\xa0%"} <= shown


def test_the_best_epoch_and_the_steps_of_the_learning_rate_are_marked(figures: Figures) -> None:
    curves = figures["en"]["learning_curves"]
    assert "best epoch: 7" in _all_text(curves)
    assert "1.0e-04 → 5.0e-05" in _all_text(curves)
    lines = {tuple(np.asarray(line.get_xdata()).tolist()) for line in curves.axes[0].lines}
    assert {(7, 7), (6, 6)} <= lines


def test_gaps_in_a_history_are_drawn_as_gaps() -> None:
    figure = learning_curves([{"train_loss": 1.0, "val_loss": ""}, {"train_loss": 0.5, "val_loss": 0.7}])
    train, validation = figure.axes[0].lines[:2]
    np.testing.assert_allclose(np.asarray(train.get_ydata(), dtype=float), [1.0, 0.5])
    assert np.isnan(np.asarray(validation.get_ydata(), dtype=float)[0])


def test_both_operating_points_stand_in_the_trade_off(figures: Figures) -> None:
    words = _all_text(figures["es"]["trade_off"])
    assert "por defecto 0.50" in words
    assert "elegido 0.30" in words


def test_a_finding_without_images_leaves_its_curve_out(simulate: Simulate) -> None:
    predictions = simulate(60, classes=(0, 1))
    figures = run_figures(predictions, evaluate(predictions, resamples=40))
    assert "learning_curves" not in figures
    assert not any("Viral" in str(line.get_label()) for line in figures["roc"].axes[0].lines)


def test_a_comparison_draws_the_runs_and_each_pair() -> None:
    runs = [(f"run{i}", made_up(80, seed=i)) for i in range(3)]
    comparison = compare(runs, resamples=40)
    figures = comparison_figures(comparison, lang="es")
    assert next(iter(figures)) == "by_run"
    assert len(figures) == 1 + 2 * 3
    change = _texts(figures["change_1"])
    for cell in comparison.pairs[0].cells:
        assert f"{cell.earlier} → {cell.later}" in change


def test_figures_are_saved_twice_with_the_same_bytes_and_without_a_date(
    figures: Figures, tmp_path: Path
) -> None:
    chosen = {"confusion_matrix": figures["en"]["confusion_matrix"], "roc": figures["en"]["roc"]}
    first = save_figures(chosen, tmp_path / "first")
    second = save_figures(chosen, tmp_path / "second")
    assert [file.name for file in first] == [
        "confusion_matrix.png",
        "confusion_matrix.svg",
        "roc.png",
        "roc.svg",
    ]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert b"<dc:date>" not in first[1].read_bytes()
    with Image.open(first[0]) as picture:
        assert round(picture.info["dpi"][0]) == 150


def test_a_figure_that_cannot_be_written_leaves_nothing(figures: Figures, tmp_path: Path) -> None:
    blocked = tmp_path / "taken"
    blocked.write_text("a file, not a folder")
    with pytest.raises(OutputError, match="taken"):
        save_figures({"roc": figures["en"]["roc"]}, blocked)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_the_callers_matplotlib_settings_stay_untouched() -> None:
    before = dict(mpl.rcParams)
    confusion_matrix(np.eye(3, dtype=np.int64))
    assert dict(mpl.rcParams) == before
