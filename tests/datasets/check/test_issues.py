from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import DatasetError
from neumo.core.findings import Finding
from neumo.datasets.check.check import Audit, audit_dataset
from neumo.datasets.manifest import Manifest

N, B, V = Finding
Collect = Callable[..., Manifest]
Texture = Callable[[int], np.ndarray]


def audited(manifest: Manifest) -> Audit:
    return audit_dataset(manifest, shortcuts=False)


def test_each_kind_of_broken_or_odd_file_is_named(tmp_path: Path, texture: Texture, collect: Collect) -> None:
    Image.fromarray(texture(1)).save(tmp_path / "good.jpg")
    content = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "truncated.jpg").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "empty2.jpg").write_bytes(b"")
    Image.new("L", (150, 150), 40).save(tmp_path / "blank.png")
    Image.new("L", (150, 150), 40).save(tmp_path / "blank2.png")
    Image.fromarray(np.dstack([texture(2), texture(3), texture(4)])).save(tmp_path / "colour.png")
    Image.fromarray(texture(5)[:80, :90]).save(tmp_path / "tiny.png")
    names = [path.name for path in tmp_path.iterdir()]
    audit = audited(collect([(name, N, name, "") for name in names]))
    found = {(issue.kind, issue.images[0]) for issue in audit.issues}
    assert found == {
        ("unreadable", "truncated.jpg"),
        ("unreadable", "text.jpg"),
        ("empty", "empty.jpg"),
        ("empty", "empty2.jpg"),
        ("blank", "blank.png"),
        ("blank", "blank2.png"),
        ("colour", "colour.png"),
        ("tiny", "tiny.png"),
    }
    assert audit.readable == len(names) - 4
    assert [issue.detail for issue in audit.of_kind("tiny")] == ["90 x 80"]
    # The reason is the decoder's, without the folder: a report may travel.
    assert not any(str(tmp_path) in issue.detail for issue in audit.issues)


def test_a_set_without_one_readable_image_is_refused(tmp_path: Path, collect: Collect) -> None:
    (tmp_path / "a.jpg").write_text("x")
    with pytest.raises(DatasetError, match="none of the 1 images"):
        audited(collect([("a.jpg", N, "a", "")]))


@pytest.mark.parametrize(
    ("splits", "leaking"), [(("train", "test"), True), (("train", "val"), True), (("train", "train"), False)]
)
def test_a_patient_on_both_sides_is_a_leak(
    tmp_path: Path, texture: Texture, collect: Collect, splits: tuple[str, str], leaking: bool
) -> None:
    for seed in range(3):
        Image.fromarray(texture(seed)).save(tmp_path / f"{seed}.png")
    rows = [("0.png", N, "ana", splits[0]), ("1.png", N, "ana", splits[1]), ("2.png", B, "eva", "test")]
    audit = audited(collect(rows))
    assert audit.patient_check == "checked"
    assert [issue.images for issue in audit.leaks] == ([("0.png", "1.png")] if leaking else [])


def test_groups_named_by_their_part_are_not_passed_off_as_checked(
    tmp_path: Path, texture: Texture, collect: Collect
) -> None:
    for name in "ab":
        Image.fromarray(texture(ord(name))).save(tmp_path / f"{name}.png")
    rows = [("a.png", N, "train/NORMAL/1", "train"), ("b.png", N, "test/NORMAL/1", "test")]
    assert audited(collect(rows)).patient_check == "by-construction"
    assert audited(collect([(path, N, who, "") for path, _, who, _ in rows])).patient_check == "no-split"


def test_the_inventory_counts_by_part_and_class(tmp_path: Path, texture: Texture, collect: Collect) -> None:
    rows = []
    for seed, (finding, split) in enumerate(
        [(N, "train"), (N, "train"), (B, "train"), (V, "test"), (N, "test")]
    ):
        Image.fromarray(texture(seed)[: 120 + seed]).save(tmp_path / f"{seed}.png")
        rows.append((f"{seed}.png", finding, f"child {seed}", split))
    strata = {(s.split, s.finding): s for s in audited(collect(rows)).strata}
    assert [key[0] for key in strata] == ["train"] * 3 + ["test"] * 3
    first = strata["train", N]
    assert (first.images, first.patients) == (2, 2)
    assert first.share == pytest.approx(2 / 3)
    assert (first.height.quantiles[0], first.height.median, first.height.quantiles[-1]) == (120, 120.5, 121)
    assert first.aspect.quantiles[0] == pytest.approx(180 / 121)
    assert strata["train", V].images == 0
    assert strata["train", V].width.quantiles == ()


@pytest.mark.parametrize(("viral", "thin"), [(0, True), (9, True), (10, False)])
def test_a_validation_part_too_small_to_choose_by_is_noted(
    viral: int, thin: bool, tmp_path: Path, texture: Texture, collect: Collect
) -> None:
    """The public data set's has 16 images and no viral one."""
    findings = [N] * 10 + [B] * 10 + [V] * viral
    for i, _finding in enumerate(findings):
        Image.fromarray(texture(i)).save(tmp_path / f"{i}.png")
    audit = audited(collect([(f"{i}.png", f, f"{i}", "val") for i, f in enumerate(findings)]))
    issues = audit.of_kind("thin-validation")
    assert bool(issues) == thin
    if thin:
        said = f"val: NORMAL 10, BACTERIAL_PNEUMONIA 10, VIRAL_PNEUMONIA {viral}"
        assert issues[0].detail == said and issues[0].severity == "note"
