"""The HTML report of a run."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from jinja2 import UndefinedError
from matplotlib.figure import Figure
from numpy.typing import NDArray
from tests.support.report_samples import Page, Simulate, made_up

from neumo.core.errors import ConfigError, OutputError
from neumo.core.findings import FINDINGS, Finding
from neumo.evaluation.evaluate import classification_report, evaluate
from neumo.evaluation.learning_curves.diagnosis import read_curves
from neumo.evaluation.report.figure_style import save_figures
from neumo.evaluation.report.run_content import Case, PartSummary, ReportContent
from neumo.evaluation.report.run_figures import run_figures
from neumo.evaluation.report.run_report import write_report
from neumo.evaluation.report.sentences import operating_sentences
from neumo.evaluation.subgroups.evaluate import evaluate_by
from neumo.evaluation.values import OperatingPoint
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language

Pages = dict[Language, str]

HISTORY = [
    {"epoch": e, "train_loss": 1 / e, "val_loss": 0.3 + 1 / e, "train_accuracy": 0.8, "val_accuracy": 0.7}
    for e in range(1, 9)
]


def _case(truth: Finding, decision: Finding, heat: NDArray[np.float32] | None) -> Case:
    pixels = np.random.default_rng(0).integers(0, 255, size=(40, 40), dtype=np.uint8)
    normal, bacterial, viral = (0.8 if finding is decision else 0.1 for finding in FINDINGS)
    chances = (normal, bacterial, viral)
    return Case(f"{truth}-{decision}.jpeg", truth, decision, chances, pixels, heat)


@pytest.fixture(scope="module")
def content() -> ReportContent:
    predictions = replace(made_up(150), attributes={"sex": tuple("F" if i % 2 else "M" for i in range(150))})
    point = OperatingPoint(0.35, rule="target-sensitivity", target=0.95, chosen_on="validation")
    evaluation = evaluate(predictions, operating_point=point, resamples=60)
    heat = np.zeros((40, 40), dtype=np.float32)
    heat[:3, :3] = 1.0
    return ReportContent(
        title="Run <3> & more",
        run="run3",
        created=datetime(2031, 5, 4, 3, 2, tzinfo=UTC),
        split_name="test",
        dataset="films",
        evaluation=evaluation,
        predictions=predictions,
        classification_report=classification_report(evaluation),
        history=HISTORY,
        best_epoch=6,
        reading=read_curves(HISTORY, 6),
        cases=(
            _case(Finding.NORMAL, Finding.NORMAL, None),
            _case(Finding.BACTERIAL_PNEUMONIA, Finding.BACTERIAL_PNEUMONIA, heat),
            _case(Finding.BACTERIAL_PNEUMONIA, Finding.NORMAL, heat),
        ),
        subgroups=(evaluate_by(predictions, "sex", resamples=40),),
        parts=(PartSummary("train", dict.fromkeys(FINDINGS, 11), 30),),
        config={"data": {"image_size": 224, "flip": True, "folds": []}, "seed": None},
        environment={"packages": {"numpy": "9.8.7"}},
        dataset_digest="d" * 64,
        split_digest="e" * 64,
    )


@pytest.fixture(scope="module")
def pages(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("report")
    for lang in LANGUAGES:
        write_report(content, folder / f"{lang}.html", lang)
    return {lang: (folder / f"{lang}.html").read_text(encoding="utf-8") for lang in LANGUAGES}


@pytest.fixture(scope="module")
def figures(content: ReportContent) -> dict[str, Figure]:
    """The English figures, drawn once for pages whose figures are not looked at."""
    return run_figures(content.predictions, content.evaluation, history=HISTORY, best_epoch=6, lang="en")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_page_is_well_formed_and_reachable(pages: Pages, lang: Language) -> None:
    page = Page(pages[lang])
    assert ("html", {"lang": lang}) in page.tags
    assert max(page.ids.values()) == 1, [name for name, count in page.ids.items() if count > 1]
    inner = {load[1:] for load in page.loads if load.startswith("#")}
    assert inner <= set(page.ids)
    for tag, values in page.tags:
        if tag == "img":
            assert values["alt"]
        if tag == "svg":
            assert values["role"] == "img"
            assert values["aria-label"]
        if tag == "th":
            assert values["scope"] in {"row", "col"}
    tables = [tag for tag, _ in page.tags if tag in {"table", "caption"}]
    assert tables == ["table", "caption"] * (len(tables) // 2)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_page_loads_nothing_from_elsewhere(pages: Pages, lang: Language) -> None:
    page = Page(pages[lang])
    assert all(load.startswith(("#", "data:image/")) for load in page.loads)
    assert "://" not in pages[lang]
    assert "@import" not in pages[lang]
    assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
    assert "default-src 'none'" in pages[lang]


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_are_those_of_the_evaluation(
    content: ReportContent, pages: Pages, lang: Language
) -> None:
    words = Page(pages[lang]).words
    evaluation = content.evaluation
    shown = [*evaluation.overall.values()]
    shown += [
        getattr(d, name)
        for d in evaluation.decisions
        for name in ("sensitivity", "specificity", "ppv", "npv")
    ]
    shown += [
        getattr(r, name) for r in evaluation.by_class for name in ("precision", "recall", "f1", "auroc")
    ]
    for estimate in shown:
        assert f"{estimate.value:.3f} ({estimate.low:.3f}–{estimate.high:.3f})" in words
    assert content.classification_report.splitlines()[2] in pages[lang]
    for row in evaluation.confusion.tolist():
        assert re.search(r" ".join(rf"{count} [\d.]+ %" for count in row) + rf" {sum(row)}\b", words)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_everything_recorded_is_shown(content: ReportContent, pages: Pages, lang: Language) -> None:
    words = Page(pages[lang]).words
    expected = [
        "Run <3> & more",
        "run3",
        "films",
        "data.image_size 224",
        "packages.numpy 9.8.7",
        "d" * 64,
        "e" * 64,
    ]
    expected += ["2031-05-04", "11 11 11 33 30"]
    assert content.reading is not None
    expected.append(content.reading.words(lang))
    expected += list(operating_sentences(content.evaluation, lang))
    for piece in expected:
        assert re.sub(r"\s+", " ", piece) in words, piece


def test_missed_pneumonias_stand_before_other_cases_of_their_class_and_shortcuts_are_named(
    pages: Pages,
) -> None:
    words = Page(pages["en"]).words
    gallery = words[words.index("Truth: Bacterial pneumonia") :]
    assert gallery.index("Missed pneumonia") < gallery.index("Correct")
    assert "of the heat lies at the edges" in gallery
    assert pages["en"].count("data:image/jpeg;base64,") == 5


def test_the_disclaimer_stands_at_both_ends_and_phantoms_are_called_so(
    content: ReportContent, pages: Pages, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    phantoms = replace(content, evaluation=replace(content.evaluation, synthetic=True))
    write_report(phantoms, tmp_path / "phantoms.html", "en", figures)
    of_phantoms = Page((tmp_path / "phantoms.html").read_text(encoding="utf-8")).words
    of_patients = Page(pages["en"]).words
    disclaimer, synthetic = map(texts("en"), ("terms.disclaimer", "evaluation.page.synthetic"))
    assert of_patients.count(disclaimer) == of_phantoms.count(disclaimer) == 2
    assert synthetic in of_phantoms
    assert synthetic not in of_patients


def test_without_columns_equity_is_said_to_be_unknown(
    content: ReportContent, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    bare = replace(
        content, subgroups=(), history=(), reading=None, cases=(), parts=(), config={}, environment={}
    )
    shown = {name: figure for name, figure in figures.items() if name != "learning_curves"}
    write_report(bare, tmp_path / "bare.html", "es", shown)
    words = Page((tmp_path / "bare.html").read_text(encoding="utf-8")).words
    assert "La equidad no se puede evaluar" in words
    for column in ("age_band", "sex", "view", "source"):
        assert column in words


def test_a_finding_without_images_is_not_measurable_rather_than_zero(
    content: ReportContent, simulate: Simulate, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    predictions = simulate(60, classes=(0, 1))
    evaluation = evaluate(predictions, resamples=40)
    target = tmp_path / "two.html"
    two = replace(content, predictions=predictions, evaluation=evaluation, subgroups=())
    write_report(two, target, "en", figures)
    text = target.read_text(encoding="utf-8")
    assert "not measurable" in Page(text).words
    assert ">nan" not in text.lower()


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    content: ReportContent, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")
    with pytest.raises(UndefinedError):
        write_report(replace(content, created=cast("datetime", "no date")), target, "en", figures)
    assert target.read_text() == "old"
    with pytest.raises(OutputError):
        write_report(content, target / "below-a-file.html")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_an_unknown_language_is_refused(content: ReportContent, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'pt'"):
        write_report(content, tmp_path / "report.html", cast("Language", "pt"))


@pytest.mark.parametrize(
    ("threshold", "bought", "paid"),
    [
        (0.2, "pneumonias {} more", "more normals? of"),
        (0.8, "pneumonias {} fewer", "fewer normals? of"),
        (0.5, "as many are found", "as many of"),
    ],
)
def test_what_an_operating_point_buys_and_costs_is_said(
    simulate: Simulate, threshold: float, bought: str, paid: str
) -> None:
    predictions = simulate(200)
    point = OperatingPoint(threshold, rule="cost-ratio", target=3.0, chosen_on="validation")
    evaluation = evaluate(predictions, operating_point=point, resamples=40)
    default, chosen = evaluation.decisions
    found = abs(chosen.true_positives - default.true_positives)
    words = " ".join(operating_sentences(evaluation, "en"))
    assert bought.format(found) in words
    assert re.search(paid, words)
    assert "counts as much as 3 false alarms" in words


def test_every_subgroup_is_shown_with_its_figures_and_too_small_ones_are_named(
    content: ReportContent, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    predictions = replace(
        content.predictions, attributes={"view": tuple("PA" if i else "AP" for i in range(150))}
    )
    report = evaluate_by(predictions, "view", resamples=40)
    write_report(replace(content, subgroups=(report,)), tmp_path / "views.html", "en", figures)
    words = Page((tmp_path / "views.html").read_text(encoding="utf-8")).words
    anteroposterior, posteroanterior = report.groups
    assert f"AP: {anteroposterior.words('en')}" in words
    accuracy = posteroanterior.figures["accuracy"]
    assert f"{accuracy.value:.3f} ({accuracy.low:.3f}–{accuracy.high:.3f})" in words
    assert "Images 1 149" in words


def test_figures_that_were_drawn_and_saved_already_give_the_same_page(
    content: ReportContent, pages: Pages, figures: dict[str, Figure], tmp_path: Path
) -> None:
    save_figures(figures, tmp_path / "figures")
    write_report(content, tmp_path / "given.html", "en", figures)
    assert (tmp_path / "given.html").read_text(encoding="utf-8") == pages["en"]
