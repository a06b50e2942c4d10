import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from neumo.core.errors import DatasetError
from neumo.core.findings import FINDINGS, Finding
from neumo.datasets.layout import SYNTHETIC_MARKER, open_dataset
from neumo.datasets.phantoms.dataset import NOTE, draw_phantom, make_phantoms
from neumo.datasets.phantoms.radiograph import text_masks
from neumo.imaging import open_radiograph


def digests(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*.jpeg")
    }


def test_equal_seeds_give_equal_bytes_and_more_per_class_changes_no_earlier_image(tmp_path: Path) -> None:
    make_phantoms(tmp_path / "few", per_class=6, seed=9, size=64)
    make_phantoms(tmp_path / "more", per_class=11, seed=9, size=64)
    make_phantoms(tmp_path / "other", per_class=6, seed=10, size=64)
    few, more, other = (digests(tmp_path / name) for name in ("few", "more", "other"))
    assert len(few) == 18
    assert few.items() <= more.items()
    assert few.keys() == other.keys()
    assert not set(few.values()) & set(other.values())
    assert len(set(more.values())) == len(more)


def test_the_ordinary_reader_reads_them_with_patients_kept_together(tmp_path: Path) -> None:
    assert make_phantoms(tmp_path / "set", per_class=10, seed=1, size=64) == 30
    manifest = open_dataset(tmp_path / "set")
    assert manifest.synthetic
    assert manifest.counts("train") == dict.fromkeys(FINDINGS, 8)
    assert manifest.counts("test") == dict.fromkeys(FINDINGS, 2)
    assert {(e.width, e.height) for e in manifest.entries} == {(64, 64)}
    findings_of = {e.patient: set[Finding]() for e in manifest.entries}
    for entry in manifest.entries:
        findings_of[entry.patient].add(entry.finding)
    assert all(len(found) == 1 for found in findings_of.values())
    assert len(findings_of) == 24  # of ten images of a finding, four show two patients twice


def test_two_films_of_a_patient_resemble_each_other_more_than_other_patients(tmp_path: Path) -> None:
    make_phantoms(tmp_path / "set", per_class=25, seed=2, size=96)
    films: dict[str, list[NDArray[np.float64]]] = {
        path.name[:8]: [] for path in sorted((tmp_path / "set/train/NORMAL").iterdir())
    }
    for path in sorted((tmp_path / "set/train/NORMAL").iterdir()):
        pixels = open_radiograph(path).pixels.astype(float)
        films[path.name[:8]].append((pixels - pixels.mean()) / pixels.std())
    twice = [pair for pair in films.values() if len(pair) == 2]
    once = [single[0] for single in films.values() if len(single) == 1]
    assert len(twice) == 5
    same = np.mean([(a * b).mean() for a, b in twice])
    different = np.mean([(a * b).mean() for a, _ in twice for b in once])
    assert same > different


def test_every_image_says_that_it_is_synthetic(tmp_path: Path) -> None:
    make_phantoms(tmp_path / "set", per_class=2, seed=5, size=224)
    marker = json.loads((tmp_path / "set" / SYNTHETIC_MARKER).read_text())
    assert (marker["seed"], marker["per_class"], marker["note"]) == (5, 2, NOTE)
    letters = text_masks(224)[0] > 0.9
    assert letters.sum() > 50
    for file in (tmp_path / "set").rglob("*.jpeg"):
        with Image.open(file) as image:
            assert image.info["comment"].decode() == NOTE
            assert image.getexif()[Base.ImageDescription] == NOTE
            assert np.asarray(image)[letters].min() > 170, file


@pytest.mark.parametrize("finding", FINDINGS)
def test_drawing_depends_on_the_generator_alone(finding: Finding) -> None:
    first, again, other = (draw_phantom(finding, np.random.default_rng(seed), 80) for seed in (1, 1, 2))
    assert first.dtype == np.uint8
    assert first.shape == (80, 80)
    assert (first == again).all()
    assert np.abs(first.astype(int) - other).mean() > 3


def test_findings_differ_within_the_lungs_and_not_in_overall_brightness() -> None:
    images = {
        finding: np.stack([draw_phantom(finding, np.random.default_rng([3, i]), 112) for i in range(30)])
        for finding in FINDINGS
    }
    brightness = {finding: stack.mean(axis=(1, 2)) for finding, stack in images.items()}
    spread = np.concatenate(list(brightness.values())).std()
    means = [values.mean() for values in brightness.values()]
    assert max(means) - min(means) < spread / 2

    def fine_detail(finding: Finding) -> float:
        mid_lungs = images[finding][:, 40:70, 20:92].astype(float)
        return float(np.abs(np.diff(mid_lungs, n=2, axis=2)).mean(axis=(1, 2)).mean())

    def asymmetry(finding: Finding) -> float:
        chest = images[finding][:, 25:80].astype(float)
        left, right = chest[:, :, 20:45].mean(axis=2), chest[:, :, 67:92].mean(axis=2)
        return float(np.abs(left - right).max(axis=1).mean())

    assert fine_detail(Finding.VIRAL_PNEUMONIA) > 1.15 * fine_detail(Finding.NORMAL)
    assert asymmetry(Finding.BACTERIAL_PNEUMONIA) > 1.15 * asymmetry(Finding.NORMAL)


def test_refuses_a_folder_in_use_and_numbers_out_of_range(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep me")
    with pytest.raises(DatasetError, match="not empty"):
        make_phantoms(tmp_path, per_class=2, seed=1)
    with pytest.raises(DatasetError, match="not a folder"):
        make_phantoms(tmp_path / "notes.txt", per_class=2, seed=1)
    wrongs: list[dict[str, Any]] = [{"per_class": 1}, {"size": 8}, {"seed": -1}]
    for wrong in wrongs:
        with pytest.raises(DatasetError, match="out of range"):
            make_phantoms(tmp_path / "new", **{"per_class": 2, "seed": 1, **wrong})
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        assert total == 15
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_phantoms(tmp_path / "set", per_class=5, seed=1, size=64, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
