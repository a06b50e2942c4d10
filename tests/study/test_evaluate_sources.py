import csv
import json
from pathlib import Path

import pytest
from tests.support.commands import call_neumo
from tests.support.two_hospitals import hospitals_of

from neumo.core.errors import EvaluationError, OutputError
from neumo.core.evidence import select
from neumo.datasets.layout import open_dataset
from neumo.export.evidence import sources_evidence
from neumo.inference.reader import Reader
from neumo.study.evaluate_run import evaluate_run
from neumo.study.evaluate_sources import (
    ALL,
    ANSWERS_FILE,
    SOURCES_FILE,
    evaluate_reader_by_source,
    evaluate_runs_by_source,
)
from neumo.training.config import load_experiment
from neumo.training.fit import train


@pytest.fixture(scope="module")
def two_hospitals(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hospitals_of(phantoms, tmp_path_factory.mktemp("hospitals"))


@pytest.fixture(scope="module")
def run_of_both(two_hospitals: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "both.yaml").write_text(
        "name: both\nseed: 1\nimage_size: 32\nsplit: {kind: fold, folds: 3, fold: 0}\n"
        "model: {name: study_cnn, options: {filters: [4], dense: 4, dropout: 0}}\n"
        "schedule: {batch_size: 16, max_epochs: 1}\n"
    )
    train(load_experiment(folder / "both.yaml", []), two_hospitals, folder / "both")
    return folder / "both"


def test_a_bundle_is_evaluated_within_each_source(bundle: Path, two_hospitals: Path, tmp_path: Path) -> None:
    evaluated = evaluate_reader_by_source(Reader(bundle), two_hospitals, tmp_path, resamples=40)
    adults, children = evaluated.sources
    assert not evaluated.trained, "this bundle lists no training images"
    manifest = open_dataset(two_hospitals)
    tested = [e for e in manifest.entries if e.split == "test" or e.source == "adults"]
    assert (adults.source, children.source) == ("adults", "children")
    assert adults.images + children.images == len(tested)
    assert "accuracy" in children.figures and "accuracy" not in adults.figures
    assert "coverage_normal" in adults.figures and adults.share_refused.value <= 1
    record = json.loads((tmp_path / SOURCES_FILE).read_text())
    assert [one["source"] for one in record["sources"]] == ["adults", "children"]
    assert record["worst"] and record["part"] == "test" and record["data"] == manifest.digest
    evidence = sources_evidence(tmp_path / SOURCES_FILE, record["bundle"])
    assert {(entry.data, entry.ages) for entry in evidence} == {
        ("adults, test", (50, 50)),
        ("children, test", (4, 4)),
    }
    points = {
        (entry.data, entry.conditions["operating_point"], entry.metric): entry
        for entry in select(evidence, operating_point=...)
    }
    assert len(points) == 2 * 2 * 2
    for one in record["sources"]:
        stated = points[f"{one['source']}, test", "balanced", "sensitivity"]
        assert (stated.value, stated.n) == (
            one["figures"]["sensitivity"]["value"],
            one["answered"]["pneumonia"],
        )
    with (tmp_path / ANSWERS_FILE).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == [entry.path for entry in tested]
    assert all(bool(row["refused"]) != bool(row["p_NORMAL"]) for row in rows)
    assert all(bool(row["set"]) == bool(row["p_NORMAL"]) for row in rows)


def test_all_parts_are_read_where_asked(bundle: Path, two_hospitals: Path, tmp_path: Path) -> None:
    evaluated = evaluate_reader_by_source(Reader(bundle), two_hospitals, tmp_path, part=ALL, resamples=40)
    assert sum(one.images for one in evaluated.sources) == len(open_dataset(two_hospitals))


def test_images_of_one_attribute_are_left_out_and_said_to_be(
    bundle: Path, run_of_both: Path, two_hospitals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    views = {entry.path: entry.view for entry in open_dataset(two_hospitals).entries}
    given = ("--by", "source", "--out", tmp_path, "--resamples", 40)
    for what in ((bundle, "--data", two_hospitals, "--split", "all"), (run_of_both, "--split", "val")):
        call_neumo(capsys, "evaluate", *what, *given, "--without", "view=PA")
        rows = list(csv.DictReader((tmp_path / ANSWERS_FILE).read_text().splitlines()))
        assert rows and all(views[row["path"]] == "AP" for row in rows)
        left = json.loads((tmp_path / SOURCES_FILE).read_text())["without"]
        assert left == [{"attribute": "view", "value": "PA"}]
    for wrong, said in (("view", "COLUMN=VALUE"), ("view=LAT", "no image here has view 'LAT'")):
        output = call_neumo(capsys, "evaluate", *what, *given, "--without", wrong, status=2)
        assert said in " ".join(output.split())
    output = call_neumo(capsys, "evaluate", run_of_both, "--without", "view=PA", status=2)
    assert "goes with --by source" in output


def test_a_run_of_several_sources_has_no_pooled_metrics(
    run_of_both: Path, two_hospitals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EvaluationError, match=r"adults, children: .* --by source"):
        evaluate_run(run_of_both, part="val")
    output = call_neumo(
        capsys, "evaluate", run_of_both, "--split", "val", "--by", "source", "--out", tmp_path / "out",
        "--resamples", 40,
    )  # fmt: skip
    assert "adults" in output and "children" in output and "worst" in output
    record = json.loads((tmp_path / "out" / SOURCES_FILE).read_text())
    assert record["runs"] == ["both"] and len(record["sources"]) == 2
    assert {label for one in record["sources"] for label in one["labels"]} >= {"PNEUMONIA", "OTHER_ABNORMAL"}


def test_a_run_reads_another_hospital_whole(run_of_both: Path, two_hospitals: Path, tmp_path: Path) -> None:
    evaluated = evaluate_runs_by_source([run_of_both], tmp_path, other=two_hospitals, resamples=40)
    assert sum(one.images for one in evaluated) == len(open_dataset(two_hospitals))


def test_what_is_no_evaluation_is_refused(run_of_both: Path, two_hospitals: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="hold out the same image"):
        evaluate_runs_by_source([run_of_both, run_of_both], tmp_path / "twice", resamples=40)
    with pytest.raises(EvaluationError, match="give one run"):
        evaluate_runs_by_source([run_of_both, run_of_both], tmp_path / "twice", other=two_hospitals)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        evaluate_runs_by_source([run_of_both], tmp_path / "file")
    assert not (tmp_path / "twice" / SOURCES_FILE).exists()


def test_of_a_bundle_nothing_but_the_source_is_a_subgroup(
    bundle: Path, two_hospitals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = call_neumo(capsys, "evaluate", bundle, "--data", two_hospitals, "--by", "view", status=2)
    assert "by source only" in output
    output = call_neumo(capsys, "evaluate", bundle, "--by", "source", status=2)
    assert "--data" in output
