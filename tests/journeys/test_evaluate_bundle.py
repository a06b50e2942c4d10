"""`neumo evaluate` of a bundle, as it is shipped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.commands import call_neumo
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import load_bundle
from neumo.core.evidence import select
from neumo.evaluation.explanations.checks import MEASURES
from neumo.evaluation.robustness.corruptions import CORRUPTIONS
from neumo.inference.reader import Reader


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms)


def test_a_bundle_is_evaluated_with_coverage_and_under_damage(
    bundle: Path, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = call_neumo(
        capsys, "evaluate", bundle, "--data", phantoms, "--split", "test", "--out", tmp_path, "--corruptions"
    )
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["images"] == figures["refused"] + figures["evaluation"]["images"]
    assert {row["nominal"] for row in figures["coverage"]} == {0.9, 0.95}
    points = figures["operating_points"]
    assert points.keys() == {"balanced", "high_sensitivity"}
    for point in points.values():
        assert point["operating_point"]["chosen_on"] == "bundle"
        assert point["sensitivity"]["low"] <= point["sensitivity"]["value"] <= point["sensitivity"]["high"]
        sick = point["true_positives"] + point["false_negatives"]
        assert point["sensitivity"]["value"] == pytest.approx(point["true_positives"] / sick)
    assert points["high_sensitivity"]["sensitivity"]["value"] >= points["balanced"]["sensitivity"]["value"]
    assert str(tmp_path) not in figures["command"], "published figures hold no paths of a machine"
    cells = json.loads((tmp_path / "corruptions.json").read_text())["cells"]
    assert len(cells) == 1 + 5 * len(CORRUPTIONS) and cells[0]["kind"] == "clean"
    assert cells[0]["images"] == figures["images"]
    assert cells[0]["refused"] == pytest.approx(figures["refused"] / figures["images"])
    assert (tmp_path / "corruptions.png").stat().st_size > 10_000
    assert "impulse noise" in output and "the bundle's operating points" in output
    carded = tmp_path / "carded"
    call_neumo(
        capsys, "bundle", "card", bundle, "--figures", tmp_path / "figures.json", "--out", carded,
        "--corruptions", tmp_path / "corruptions.json",
    )  # fmt: skip
    text = (carded / "README.md").read_text()
    found = points["high_sensitivity"]["sensitivity"]
    assert f"| high_sensitivity | {found['value']:.3f} ({found['low']:.3f}-{found['high']:.3f}) |" in text
    (stated,) = select(load_bundle(carded).evidence, "sensitivity", operating_point="high_sensitivity")
    assert (stated.value, stated.low, stated.high) == (found["value"], found["low"], found["high"])
    assert f"| {points['balanced']['false_negatives']} | {points['balanced']['false_positives']} |" in text
    (refused,) = select(load_bundle(carded).evidence, "refused")
    assert (refused.n, refused.command) == (figures["images"], figures["command"])
    assert str(stated) in call_neumo(capsys, "bundle", "info", carded)
    assert "### Damaged images" in text and "| impulse noise | " in text
    assert text.index("### Damaged images") < text.index("## Limits")
    foreign = tmp_path / "foreign.json"
    foreign.write_text((tmp_path / "corruptions.json").read_text().replace(load_bundle(bundle).digest, "0"))
    output = call_neumo(
        capsys, "bundle", "card", bundle, "--figures", tmp_path / "figures.json", "--out", tmp_path / "other",
        "--corruptions", foreign, status=2,
    )  # fmt: skip
    assert "another bundle" in output and not (tmp_path / "other").exists()


def test_heat_maps_are_checked_and_a_failure_is_shown_with_each_reading(
    bundle: Path, phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, carded = tmp_path / "figures", tmp_path / "carded"
    output = call_neumo(
        capsys, "evaluate", bundle, "--data", phantoms, "--split", "test", "--out", out, "--explanations", 8
    )
    found = json.loads((out / "explanations.json").read_text())
    assert found["drawn"] == 8 == found["images"] + found["refused"]
    assert found["field"] == "phantom" and 0.1 < found["field_area"] < 0.7
    assert set(found["figures"]) == set(MEASURES)
    assert "| check | outcome | rule |" in (out / "explanations.md").read_text()
    assert (out / "explanations.png").stat().st_size > 10_000
    assert "randomised weights" in output
    outcomes = {verdict["name"]: verdict["passed"] for verdict in found["verdicts"]}
    assert not all(outcomes.values()), "a network that learnt nothing should fail something"
    explanations = out / "explanations.json"
    call_neumo(
        capsys, "bundle", "card", bundle, "--figures", out / "figures.json", "--out", carded,
        "--explanations", explanations,
    )  # fmt: skip
    assert "### Heat maps" in (carded / "README.md").read_text()
    made = load_bundle(carded)
    assert made.config.explanation_checks == outcomes
    assert replace(made.config, explanation_checks={}) == load_bundle(bundle).config
    film = next((phantoms / "test").rglob("*.jpeg"))
    for reader, warned in ((Reader(bundle), False), (Reader(made), True)):
        reading = next(r for r in reader.read_many([film, *(phantoms / "test").rglob("*.jpeg")]) if r.answer)
        assert ("map_unproven" in {notice.code for notice in reading.warnings}) is warned
    foreign = json.loads(explanations.read_text()) | {"bundle": {"digest": "0", "model": "0"}}
    explanations.write_text(json.dumps(foreign))
    output = call_neumo(
        capsys, "bundle", "card", bundle, "--figures", out / "figures.json", "--out", tmp_path / "other",
        "--explanations", explanations, status=2,
    )  # fmt: skip
    assert "another model" in output and not (tmp_path / "other").exists()


def test_a_bundle_needs_a_data_set(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--data" in call_neumo(capsys, "evaluate", bundle, status=2)
