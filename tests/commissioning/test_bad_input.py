import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.support.commands import call_neumo
from tests.support.local_tables import write_rows

from neumo.bundle.folder import load_bundle, write_sums
from neumo.bundle.training_images import (
    TRAINING_IMAGES,
    load_training_images,
    save_training_images,
    stored_prints,
)
from neumo.core.errors import NeumoError
from neumo.datasets.check.duplicates import NEAR_SIMILARITY
from neumo.datasets.check.fingerprint import fingerprint
from neumo.imaging import open_radiograph
from neumo.samples import sample_files

RowsT = list[dict[str, str]]


def _contradicting(rows: RowsT, folder: Path) -> RowsT:
    copy = folder / "copy.jpeg"
    shutil.copyfile(rows[0]["path"], copy)
    return [*rows, {**rows[0], "path": str(copy), "label": "VIRAL_PNEUMONIA"}]


def _same_picture(rows: RowsT, folder: Path) -> RowsT:
    copy = folder / "copy.png"
    Image.open(rows[0]["path"]).save(copy)
    other = "NORMAL" if rows[0]["label"] != "NORMAL" else "PNEUMONIA"
    return [*rows, {**rows[0], "path": str(copy), "label": other}]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda rows, _: [row for row in rows if row["label"] == "NORMAL"], "0 patients .* pneumonia"),
        (lambda rows, _: [row for row in rows if row["label"] != "NORMAL"], "0 patients .* normal"),
        (lambda rows, _: [{**row, "patient": "p"} for row in rows], "of one patient"),
        (lambda rows, _: [{**row, "patient": ""} for row in rows], "no patient"),
        (lambda rows, _: [{**row, "source": f"h{i % 2}"} for i, row in enumerate(rows)], "several sources"),
        (_contradicting, "the same image is labelled"),
        (
            lambda rows, folder: [
                *_contradicting(rows, folder)[:-1],
                {**_contradicting(rows, folder)[-1], "label": rows[0]["label"], "patient": "q"},
            ],
            "two patients",
        ),
        (_same_picture, "shows the same picture"),
    ],
)
def test_a_table_that_proves_nothing_is_refused_and_nothing_is_made(
    changed: Callable[[RowsT, Path], RowsT],
    said: str,
    local_rows: RowsT,
    site: Path,
    site_bundle_base: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = write_rows(tmp_path / "local.csv", changed(local_rows, tmp_path))
    out = tmp_path / "out"
    shutil.copytree(site / "readings", out / "readings")
    told = call_neumo(
        capsys, "commission", table, "--out", out, "--bundle", site_bundle_base, "--threads", 1, status=2
    )
    import re

    assert re.search(said, " ".join(told.split())), told
    assert {file.name for file in out.iterdir()} <= {"readings"}


def test_few_images_are_examined_and_set_nothing(
    local_rows: RowsT, site: Path, site_bundle_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_label = {
        label: [row for row in local_rows if row["label"] == label]
        for label in {r["label"] for r in local_rows}
    }
    few = [row for rows in of_label.values() for row in rows[:10]]
    shutil.copytree(site / "readings", tmp_path / "out" / "readings")
    said = call_neumo(
        capsys,
        *("commission", write_rows(tmp_path / "local.csv", few), "--out", tmp_path / "out"),
        *("--bundle", site_bundle_base, "--resamples", 40),
        status=1,
    )
    assert "Nothing was set" in said
    proposal, base = load_bundle(tmp_path / "out" / "proposal"), load_bundle(site_bundle_base)
    assert proposal.model == base.model and proposal.config.operating_points == base.config.operating_points


def test_training_images_are_known_again_by_digest_and_picture(
    local_rows: RowsT, site: Path, site_bundle_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = shutil.copytree(site_bundle_base, tmp_path / "base")
    record = json.loads((site / "acceptance.json").read_text())
    pixels = open_radiograph(Path(local_rows[1]["path"])).pixels
    prints = stored_prints(fingerprint(pixels)[np.newaxis])
    save_training_images(base / TRAINING_IMAGES, ["0" * 64], prints)
    write_sums(base)
    training = load_training_images(load_bundle(base))
    assert training is not None
    noisy = np.clip(pixels.astype(int) + np.random.default_rng(0).integers(-3, 4, pixels.shape), 0, 255)
    copy = stored_prints(fingerprint(noisy.astype(np.uint8))[np.newaxis])
    assert training.holds(["1" * 64, "0" * 64], np.concatenate([copy, copy * 0]), NEAR_SIMILARITY).all()
    assert not training.holds(record["images"]["sha256"][:1], copy * 0, NEAR_SIMILARITY).any()
    table = write_rows(tmp_path / "local.csv", local_rows)
    said = call_neumo(
        capsys, "commission", table, "--out", tmp_path / "out", "--bundle", base, "--threads", 1, status=2
    )
    assert "trained the bundle" in said and Path(local_rows[1]["path"]).name in " ".join(said.split())


def test_the_built_in_bundle_knows_its_training_images_also_in_another_encoding(
    local_rows: RowsT, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known, copied = sample_files()[:2]
    copy = tmp_path / "copy.png"
    with Image.open(copied) as image:
        image.resize((image.width * 3 // 4, image.height * 3 // 4)).save(copy)
    others = [
        {**row, "label": label}
        for label in ("NORMAL", "VIRAL_PNEUMONIA")
        for row in [row for row in local_rows if row["label"] == label][:5]
    ]
    films = [{**local_rows[0], "path": str(file), "patient": file.name} for file in (known, copy)]
    table = write_rows(tmp_path / "local.csv", [*others, *films])
    said = call_neumo(capsys, "commission", table, "--out", tmp_path / "out", "--threads", 1, status=2)
    assert said.count("trained the bundle") == 2
    assert known.name in " ".join(said.split()) and copy.name in " ".join(said.split())


def test_paths_may_not_leave_the_folder_that_is_named(
    local_rows: RowsT, site_bundle_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "films"
    root.mkdir()
    shutil.copyfile(local_rows[0]["path"], root / "a.jpeg")
    shutil.copyfile(local_rows[1]["path"], tmp_path / "b.jpeg")
    (root / "link.jpeg").symlink_to(tmp_path / "b.jpeg")
    names = ["a.jpeg", "../b.jpeg", str(tmp_path / "b.jpeg"), "link.jpeg", "sub/../a.jpeg"]
    rows = [{**local_rows[number], "path": name} for number, name in enumerate(names)]
    table = write_rows(tmp_path / "local.csv", rows)
    out = tmp_path / "out"
    command = ("commission", table, "--images", root, "--out", out, "--bundle", site_bundle_base)
    said = " ".join(call_neumo(capsys, *command, status=2).split())
    assert said.count("lies outside") == 3 and "line 6: the file 'sub/../a.jpeg' is not there" in said
    assert not out.exists()


def test_a_site_bundle_is_no_base(
    site: Path, tmp_path: Path, local_rows: RowsT, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_rows(tmp_path / "local.csv", local_rows)
    said = call_neumo(
        capsys, "commission", table, "--out", tmp_path / "out", "--bundle", site / "proposal", status=2
    )
    assert "commission its base" in said and not (tmp_path / "out").exists()


def test_criteria_out_of_bounds_are_errors(tmp_path: Path) -> None:
    from neumo.bundle.criteria import read_criteria

    for wrong in ("sensitivity: 2", "sensitvity: .8", "[]"):
        file = tmp_path / "criteria.yaml"
        file.write_text(wrong)
        with pytest.raises(NeumoError):
            read_criteria(file)
    file.write_text("refused: null")
    assert read_criteria(file).refused is None


@pytest.mark.data
def test_thirty_radiographs_of_another_hospital_are_too_few_and_the_record_says_so(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "other_hospitals"
    with (folder / "siim.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    few = [
        {**row, "path": str(folder / row["path"])}
        for label, count in (("NORMAL", 12), ("VIRAL_PNEUMONIA", 18))
        for row in [row for row in rows if row["label"] == label][:count]
    ]
    table, out = write_rows(tmp_path / "local.csv", few), tmp_path / "out"
    said = call_neumo(
        capsys,
        *("commission", table, "--out", out, "--name", "SIIM"),
        *("--resamples", 40, "--threads", 1),
        status=1,
    )
    assert "Nothing was set" in said and "not shown" in " ".join(said.split())
    record = json.loads((out / "acceptance.json").read_text())
    assert record["metrics"]["base"]["refused"] == {}
    assert record["changed"] == [] and record["images"]["training_images_known"]
    assert load_bundle(out / "proposal").model == load_bundle().model
