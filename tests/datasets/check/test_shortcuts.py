import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import MissingExtraError
from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.check.check import audit_dataset
from neumo.datasets.check.shortcuts import Control, Score
from neumo.datasets.manifest import Manifest

Collect = Callable[..., Manifest]
Texture = Callable[[int], np.ndarray]
EACH = 24


def controls(
    folder: Path, collect: Collect, texture: Texture, change: Callable[[np.ndarray, Finding], np.ndarray]
) -> dict[str, Control]:
    rows = []
    for finding in FINDINGS:
        for number in range(EACH):
            name = f"{finding}-{number}.png"
            pixels = change(texture(1000 * finding.index + number), finding)
            Image.fromarray(pixels).save(folder / name)
            rows.append((name, finding, f"{finding} {number // 2}", ""))
    shortcuts = audit_dataset(collect(rows)).shortcuts
    assert shortcuts is not None
    assert (shortcuts.images, shortcuts.patients, shortcuts.folds) == (3 * EACH, 3 * EACH // 2, 5)
    return {control.view: control for control in shortcuts.controls}


def test_nothing_to_find_scores_about_chance(tmp_path: Path, collect: Collect, texture: Texture) -> None:
    found = controls(tmp_path, collect, texture, lambda pixels, finding: pixels)
    assert list(found) == ["border", "intensity", "size"]
    for control in found.values():
        assert 0.2 < control.macro.value < 0.8
        assert control.macro.low < control.macro.value < control.macro.high
    assert found["size"].same_size


def test_a_dark_border_in_one_class_is_seen_by_the_border_alone(
    tmp_path: Path, collect: Collect, texture: Texture
) -> None:
    def darkened(pixels: np.ndarray, finding: Finding) -> np.ndarray:
        changed = pixels.copy()
        if finding is Finding.NORMAL:
            changed[:, :3] //= 2
        return changed

    found = controls(tmp_path, collect, texture, darkened)
    assert found["border"].normal_vs_pneumonia.value > 0.95
    assert found["border"].strength == "strong"
    assert found["intensity"].normal_vs_pneumonia.value < 0.85


def test_another_size_in_one_class_is_seen_by_the_size_alone(
    tmp_path: Path, collect: Collect, texture: Texture
) -> None:
    def widened(pixels: np.ndarray, finding: Finding) -> np.ndarray:
        side = 240 if finding is Finding.VIRAL_PNEUMONIA else 200
        return np.array(Image.fromarray(pixels).resize((side, 200)))

    size = controls(tmp_path, collect, texture, widened)["size"]
    assert size.bacterial_vs_viral.value > 0.99
    assert not size.same_size


def test_too_few_patients_are_said_not_scored(tmp_path: Path, collect: Collect, texture: Texture) -> None:
    rows = []
    for finding in FINDINGS:
        Image.fromarray(texture(finding.index)).save(tmp_path / f"{finding}.png")
        rows.append((f"{finding}.png", finding, finding.value, ""))
    shortcuts = audit_dataset(collect(rows)).shortcuts
    assert shortcuts is not None
    assert (shortcuts.skipped, shortcuts.controls) == ("few-patients", ())


def test_without_scikit_learn_the_remedy_is_named_before_anything_is_decoded(
    tmp_path: Path, collect: Collect, texture: Texture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(texture(1)).save(tmp_path / "a.png")
    manifest = collect([("a.png", Finding.NORMAL, "a", "")])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="--no-shortcuts"):
        audit_dataset(manifest, progress=lambda done, total: pytest.fail("decoding began"))
    assert audit_dataset(manifest, shortcuts=False).readable == 1


@pytest.mark.parametrize(
    ("score", "strength"),
    [
        (Score(0.9, 0.49, 1.0), "none"),
        (Score(0.58, 0.55, 0.61), "weak"),
        (Score(0.7, 0.6, 0.8), "moderate"),
        (Score(0.8, 0.7, 0.9), "strong"),
    ],
)
def test_the_strength_follows_interval_and_value(score: Score, strength: str) -> None:
    assert score.strength == strength
