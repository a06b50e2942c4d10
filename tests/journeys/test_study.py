"""The study's steps as a student runs them: phantoms, two runs, evaluating, comparing, all with whole commands."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.support.commands import call_neumo, call_neumo_once, run_neumo

EXPERIMENT = """
name: small
image_size: 64
split: {kind: official, validation: 0.2}
model: {name: study_cnn, options: {filters: [4, 8], dense: 16, dropout: 0.2}}
augmentation: {flip: 0.5, rotation: 5, zoom: 0.05, contrast: 0.1}
optimizer: {learning_rate: 0.001}
schedule: {batch_size: 8, max_epochs: 3}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms and two trained and evaluated runs."""
    root = tmp_path_factory.mktemp("study")
    (root / "small.yaml").write_text(EXPERIMENT)
    call_neumo_once("data", "phantom", root / "data", "--per-class", 20, "--seed", 4, "--size", 64)
    for name in ("base", "balanced"):
        more = ["--set", "balance=class_weights", "--set", "name=balanced"] if name == "balanced" else []
        output = call_neumo_once(
            "train", root / "small.yaml", "--data", root / "data", "--out", root / name, *more
        )
        assert re.search(r"epoch 1/3 .* images/s, .* min left", output)
        evaluate = ("evaluate", root / name, "--target-sensitivity", 0.9, "--resamples", 100)
        if name == "base":
            run_neumo(*evaluate)  # as a process of its own, once
        else:
            call_neumo_once(*evaluate)
    return root


def test_evaluate_prints_and_writes_the_same_figures(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = call_neumo(
        capsys, "evaluate", folder / "base", "--split", "val", "--lang", "es", "--resamples", 100
    )
    metrics = json.loads((folder / "base/evaluation/val/metrics.json").read_text())
    accuracy = metrics["evaluation"]["overall"]["accuracy"]["value"]
    assert f"{accuracy:.3f}" in output
    assert "FANTOMAS SINTÉTICOS" in output and "exactitud" in output
    assert "precision    recall  f1-score   support" in output
    html = (folder / "base/evaluation/val/report.html").read_text(encoding="utf-8")
    assert '<html lang="es"' in html
    assert f"{accuracy:.3f}" in html
    assert {"learning_curves.png", "learning_curves.svg", "confusion_matrix.png", "roc.svg"} <= {
        p.name for p in (folder / "base/evaluation/val/figures").iterdir()
    }


def test_the_operating_point_was_chosen_on_validation_images(folder: Path) -> None:
    evaluated = json.loads((folder / "base/evaluation/test/metrics.json").read_text())["evaluation"]
    default, chosen = evaluated["decisions"]
    assert default["operating_point"]["rule"] == "default"
    assert chosen["operating_point"]["chosen_on"] == "validation"
    assert chosen["operating_point"]["target"] == 0.9


def test_a_second_look_at_the_test_part_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = call_neumo(capsys, "evaluate", folder / "balanced", "--resamples", 100)
    assert "evaluated on the test part 2 times" in output


def test_compare_shows_tables_words_and_writes_html_and_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = call_neumo(
        capsys,
        "compare",
        folder / "base",
        folder / "balanced",
        "--html",
        folder / "comparison.html",
        "--json",
        folder / "comparison.json",
        "--resamples",
        100,
    )
    assert "balanced minus base" in output
    assert "McNemar" in output
    assert [run["name"] for run in json.loads((folder / "comparison.json").read_text())["runs"]] == [
        "base",
        "balanced",
    ]
    assert "balanced" in (folder / "comparison.html").read_text(encoding="utf-8")


def test_reproduce_writes_the_page_and_goes_on_where_it_was(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(1, 5):
        (tmp_path / f"run{number}.yaml").write_text(EXPERIMENT.replace("name: small", f"name: run{number}"))
    places = {"--experiments": tmp_path, "--out": tmp_path / "runs", "--page": tmp_path / "study.md"}
    arguments = ("--data", folder / "data", *(part for place in places.items() for part in place))
    call_neumo(capsys, "reproduce", "--runs", "3", "--set", "schedule.max_epochs=2", *arguments)
    page = (tmp_path / "study.md").read_text()
    assert page.count("**neumo**") == 1
    assert page.count("*not trained yet*") == 3
    assert "Synthetic phantoms" in page
    assert (tmp_path / "study/run3/learning_curves.png").stat().st_size > 1000
    weights = tmp_path / "runs/run3/model.safetensors"
    before = weights.stat().st_mtime_ns
    call_neumo(capsys, "reproduce", "--runs", "3,1", "--set", "schedule.max_epochs=2", *arguments)
    assert weights.stat().st_mtime_ns == before
    assert (tmp_path / "study.md").read_text().count("**neumo**") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "{0}/small.yaml", "--data", "{0}/nowhere", "--out", "{0}/x"],
            "no such folder or manifest",
        ),
        (["train", "{0}/nowhere.yaml", "--data", "{0}/data"], "no such experiment file"),
        (
            ["train", "{0}/small.yaml", "--data", "{0}/data", "--set", "sead=1", "--out", "{0}/x"],
            "did you mean 'seed'?",
        ),
        (["train", "{0}/small.yaml", "--data", "{0}/data", "--out", "{0}/base"], "holds a run already"),
        (["evaluate", "{0}/data"], "is not the folder of a run"),
        (["evaluate", "{0}/base", "--split", "holdout"], "there is no part 'holdout'"),
        (["evaluate", "{0}/base", "--by", "sex"], "sex"),
        (["evaluate", "{0}/base", "--target-sensitivity", "1.5"], "1.5"),
        (["evaluate", "{0}/base", "--target-sensitivity", "0.9", "--cost-ratio", "5"], "choose one"),
        (["evaluate", "{0}/base", "--data", "{0}/data/train"], "is not the data"),
        (["compare", "{0}/base"], "two or more runs"),
        (["compare", "{0}/base", "{0}/balanced", "--split", "train"], "was not evaluated on 'train' yet"),
        (
            ["reproduce", "--data", "{0}/data", "--runs", "1,9", "--page", "{0}/x.md"],
            "9 is none of the study's runs",
        ),
    ],
)
def test_bad_input_is_one_clear_message_and_nothing_is_left(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(p for p in folder.iterdir())
    output = call_neumo(capsys, *(argument.format(folder) for argument in arguments), status=2)
    assert message in " ".join(output.split())
    assert sorted(p for p in folder.iterdir()) == before


def test_a_tampered_run_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(folder / "base", tmp_path / "base")
    weights = tmp_path / "base/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    output = call_neumo(capsys, "evaluate", tmp_path / "base", status=2)
    assert "the file was changed" in " ".join(output.split())
