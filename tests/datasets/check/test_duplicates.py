import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from neumo.core.findings import Finding
from neumo.datasets.check.check import Audit, audit_dataset
from neumo.datasets.check.duplicates import NEAR_SIMILARITY
from neumo.datasets.check.fingerprint import fingerprint
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Manifest

N, B, V = Finding
Collect = Callable[..., Manifest]
Texture = Callable[[int], np.ndarray]


def picture(path: Path, pixels: np.ndarray, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def audited(manifest: Manifest) -> Audit:
    return audit_dataset(manifest, shortcuts=False)


def kinds(audit: Audit) -> list[str]:
    return [issue.kind for issue in audit.issues]


def test_equal_files_equal_pixels_and_changed_copies_are_told_apart(
    tmp_path: Path, texture: Texture, collect: Collect
) -> None:
    for seed in range(6):
        picture(tmp_path / f"{seed}.png", texture(seed))
    shutil.copy(tmp_path / "0.png", tmp_path / "same-file.png")
    picture(tmp_path / "same-pixels.png", texture(1), compress_level=0)
    picture(tmp_path / "changed.jpg", texture(2), quality=30)
    names = [path.name for path in tmp_path.iterdir()]
    audit = audited(collect([(name, N, f"child {name[0]}", "") for name in names]))
    found = {group.images: group.kind for group in audit.duplicates}
    assert found == {
        ("0.png", "same-file.png"): "file",
        ("1.png", "same-pixels.png"): "pixels",
        ("2.png", "changed.jpg"): "near",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((90, 100), Image.Resampling.BILINEAR),
        lambda image: image.point(lambda level: round(255 * (level / 255) ** 1.5)),
        lambda image: ImageOps.invert(ImageOps.invert(image)).rotate(0.3, Image.Resampling.BILINEAR),
        lambda image: ImageOps.autocontrast(image, cutoff=1),
    ],
    ids=["half size", "gamma", "rotated", "stretched"],
)
def test_a_copy_stays_similar_and_another_picture_does_not(
    texture: Texture, change: Callable[[Image.Image], Image.Image]
) -> None:
    original = texture(1)
    copy = np.array(change(Image.fromarray(original)))
    first = fingerprint(original).astype(float)
    assert first @ fingerprint(copy).astype(float) >= NEAR_SIMILARITY
    assert first @ fingerprint(texture(2)).astype(float) < 0.5


def test_a_bright_marker_does_not_hide_a_copy(texture: Texture) -> None:
    marked = Image.fromarray(texture(1))
    ImageDraw.Draw(marked).rectangle((8, 8, 28, 24), fill=255)
    similarity = fingerprint(texture(1)).astype(float) @ fingerprint(np.array(marked)).astype(float)
    assert similarity >= NEAR_SIMILARITY


def test_a_mirrored_copy_is_found_and_named(tmp_path: Path, texture: Texture, collect: Collect) -> None:
    picture(tmp_path / "a.png", texture(1))
    picture(tmp_path / "b.png", np.ascontiguousarray(texture(1)[:, ::-1]))
    picture(tmp_path / "c.png", texture(2))
    (group,) = audited(collect([(f"{name}.png", V, "child", "") for name in "abc"])).duplicates
    assert (group.images, group.mirrored) == (("a.png", "b.png"), True)


def test_copies_of_copies_make_one_group(tmp_path: Path, texture: Texture, collect: Collect) -> None:
    picture(tmp_path / "a.png", texture(1))
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    picture(tmp_path / "c.jpg", texture(1), quality=50)
    picture(tmp_path / "d.jpg", texture(1), quality=40)
    names = ("a.png", "b.png", "c.jpg", "d.jpg")
    (group,) = audited(collect([(name, V, "child", "") for name in names])).duplicates
    assert group.images == names
    assert group.kind == "near"
    assert NEAR_SIMILARITY <= group.similarity < 1


def test_one_picture_in_train_and_test_is_a_leak_and_in_train_alone_is_not(
    tmp_path: Path, texture: Texture, collect: Collect
) -> None:
    for name in ("train.png", "again.png", "other.png"):
        picture(tmp_path / name, texture(9 if name == "other.png" else 1))
    picture(tmp_path / "test.jpg", texture(1), quality=60)
    inside = collect(
        [("train.png", N, "x", "train"), ("again.png", N, "x", "train"), ("other.png", B, "y", "test")]
    )
    assert kinds(audited(inside)) == ["duplicates"]
    assert audited(inside).leaks == ()
    across = collect(
        [("train.png", N, "x", "train"), ("test.jpg", N, "z", "test"), ("other.png", B, "y", "test")]
    )
    (leak,) = audited(across).leaks
    assert (leak.kind, leak.detail) == ("picture-across-splits", "train | test")


def test_conflicting_labels_and_second_patients_are_problems(
    tmp_path: Path, texture: Texture, collect: Collect
) -> None:
    for name in "ab":
        picture(tmp_path / f"{name}.png", texture(1))
    audit = audited(collect([("a.png", B, "one", ""), ("b.png", V, "two", "")]))
    assert kinds(audit) == ["conflicting-labels", "picture-of-two-patients"]
    assert {issue.severity for issue in audit.issues} == {"problem"}
    assert audit.issues[0].detail == "BACTERIAL_PNEUMONIA | VIRAL_PNEUMONIA"


@pytest.mark.data
def test_the_public_set_has_its_26_known_groups_and_no_look_alike_among_17_million_pairs(
    dataset: Path,
) -> None:
    audit = audited(open_dataset(dataset))
    assert {group.kind for group in audit.duplicates} == {"file"}
    sick = [group for group in audit.duplicates if "NORMAL" not in group.findings]
    assert len(sick) == 26
    assert len(audit.duplicates) == 30
    (shared,) = audit.of_kind("picture-of-two-patients")
    assert shared.images == ("test/NORMAL/NORMAL2-IM-0095-0001.jpeg", "test/NORMAL/NORMAL2-IM-0096-0001.jpeg")
    assert audit.leaks == ()
    assert audit.patient_check == "by-construction"
    assert audit.readable == 5856
