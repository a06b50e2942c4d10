import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.tiny_bundle import CONFIGURATION, make_bundle

from neumo.core.errors import EvaluationError, OutputError
from neumo.datasets.layout import SYNTHETIC_MARKER
from neumo.evaluation.explanations.checks import MEASURES
from neumo.inference.reader import Reader
from neumo.study.evaluate_explanations import CHECKS_FILE, SUMMARY_FILE, evaluate_explanations


def test_heat_maps_of_phantoms_are_checked_against_the_drawn_thorax(
    bundle: Path, phantoms: Path, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []
    checks = evaluate_explanations(
        Reader(bundle), phantoms, tmp_path, images=4, checking=lambda *call: calls.append(call)
    )
    assert checks.field == "phantom" and 0.1 < checks.field_area < 0.7
    assert calls == [(number, checks.images) for number in range(1, checks.images + 1)]
    record = json.loads((tmp_path / CHECKS_FILE).read_text())
    assert record["drawn"] == 4 == record["images"] + record["refused"]
    assert set(record["figures"]) == set(MEASURES)
    assert "| check | outcome | rule |" in (tmp_path / SUMMARY_FILE).read_text()
    assert {"explanations.png", "explanations.svg"} <= {file.name for file in tmp_path.iterdir()}


def test_the_same_seed_draws_and_finds_the_same(bundle: Path, phantoms: Path, tmp_path: Path) -> None:
    first, again = (
        evaluate_explanations(Reader(bundle), phantoms, tmp_path / name, images=3) for name in ("1", "2")
    )
    assert first == again


def test_other_radiographs_are_checked_against_a_fixed_field(
    bundle: Path, phantoms: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for part in ("train", "test"):
        (copy / part).symlink_to(phantoms / part, target_is_directory=True)
    assert not (copy / SYNTHETIC_MARKER).exists()
    assert evaluate_explanations(Reader(bundle), copy, tmp_path / "out", images=2).field == "fixed"


def test_what_cannot_be_checked_is_an_error(bundle: Path, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(EvaluationError, match="no images of the part 'val'"):
        evaluate_explanations(Reader(bundle), phantoms, out, part="val")
    closed = make_bundle(tmp_path / "closed", phantoms, gate=replace(CONFIGURATION.gate, distance=0.0))
    with pytest.raises(EvaluationError, match="all 3 images drawn from 'test' were refused"):
        evaluate_explanations(Reader(closed), phantoms, out, images=3)
    mute = make_bundle(tmp_path / "mute", phantoms, class_maps=None)
    with pytest.raises(EvaluationError, match="no class maps"):
        evaluate_explanations(Reader(mute), phantoms, out)
    assert not out.exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        evaluate_explanations(Reader(bundle), phantoms, tmp_path / "file")
