import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from neumo.core.errors import DatasetError, SplitError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import LABELS
from neumo.datasets.attributes import AttributeValue
from neumo.datasets.draw_split import fold_split, fractions_split, official_split, source_split, train_without
from neumo.datasets.manifest import Entry, Manifest
from neumo.datasets.split import Split, load_split, thin_findings


def made(patients: int = 300, *, official: bool = True, salt: str = "") -> Manifest:
    entries = []
    for number in range(patients):
        finding = FINDINGS[(number * 7) % 4 % 3]
        split = ("test" if number % 9 == 0 else "val" if number % 50 == 1 else "train") if official else ""
        entries += [
            Entry(f"{salt}{number:04}-{i}.png", finding, f"p{number}", split, 10, 10, f"{salt}{number}{i}")
            for i in range(1 + number % 3)
        ]
    return Manifest(Path("/data"), tuple(sorted(entries, key=lambda e: e.path)))


def splits(manifest: Manifest, seed: int = 42) -> list[Split]:
    return [
        official_split(manifest, validation=0.15, seed=seed),
        fractions_split(manifest, fractions=(0.7, 0.15, 0.15), seed=seed),
        fold_split(manifest, folds=5, fold=2, seed=seed),
    ]


def test_no_patient_is_in_two_parts_and_no_image_is_lost() -> None:
    manifest = made()
    patient = {e.path: e.patient for e in manifest.entries}
    for split in splits(manifest):
        seen = [{patient[path] for path in paths} for paths in split.parts.values()]
        assert sum(len(group) for group in seen) == len(set().union(*seen))
        assert sorted(path for paths in split.parts.values() for path in paths) == sorted(patient)


def test_parts_have_their_shares_and_keep_the_class_frequencies() -> None:
    manifest = made(900)
    finding = {e.path: e.finding for e in manifest.entries}
    split = fractions_split(manifest, fractions=(0.7, 0.15, 0.15), seed=42)
    material = [path for name in ("train", "val", "holdout") for path in split.parts[name]]
    for name, share in (("train", 0.7), ("val", 0.15), ("holdout", 0.15)):
        part = split.parts[name]
        assert len(part) / len(material) == pytest.approx(share, abs=0.02)
        for wanted in Finding:
            overall = sum(finding[p] is wanted for p in material) / len(material)
            assert sum(finding[p] is wanted for p in part) / len(part) == pytest.approx(overall, abs=0.04)


def test_the_small_val_folder_joins_the_material_and_test_stays_official() -> None:
    manifest = made()
    official = {e.path for e in manifest.entries if e.split == "test"}
    for split in splits(manifest):
        assert set(split.parts["test"]) == official
    as_distributed = official_split(manifest, validation=None, seed=0)
    assert set(as_distributed.parts["val"]) == {e.path for e in manifest.entries if e.split == "val"}


def test_without_an_official_test_set_the_third_part_is_the_test_set() -> None:
    manifest = made(official=False)
    assert set(fractions_split(manifest, fractions=(0.7, 0.15, 0.15), seed=1).parts) == {
        "train",
        "val",
        "test",
    }
    with pytest.raises(SplitError, match="no official test"):
        official_split(manifest, validation=0.15, seed=1)


@pytest.mark.parametrize("validation", [None, 0.15])
def test_of_a_second_hospital_a_fold_is_held_out_beside_the_official_test_set(
    validation: float | None,
) -> None:
    home, other = made(), made(official=False, salt="b")
    others = [replace(e, patient=f"b{e.patient}") for e in other.entries]
    manifest = Manifest(home.root, tuple(sorted([*home.entries, *others], key=lambda e: e.path)))
    split = official_split(manifest, validation=validation, seed=42, holdout=(3, 2))
    fold = fold_split(manifest, folds=3, fold=2, seed=42)
    held_out = {path for path in fold.parts["val"] if path.startswith("b")}
    assert set(split.parts["holdout"]) == held_out and 0.25 * len(others) < len(held_out) < 0.42 * len(others)
    patient = {e.path: e.patient for e in manifest.entries}
    seen = [{patient[path] for path in paths} for paths in split.parts.values()]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert sorted(path for paths in split.parts.values() for path in paths) == sorted(patient)
    # A patient whose images lie in the distributed val folder and outside the official parts is in one part only.
    both = Manifest(
        home.root, tuple(e if e.path.endswith("-0.png") else replace(e, split="") for e in home.entries)
    )
    parts = official_split(both, validation=validation, seed=42, holdout=(3, 2)).parts
    assert parts["holdout"] and len({p for part in parts.values() for p in part}) == sum(
        map(len, parts.values())
    )
    with pytest.raises(SplitError, match="has an official part"):
        official_split(home, validation=validation, seed=42, holdout=(3, 2))


def test_the_seed_decides_and_the_same_seed_repeats() -> None:
    manifest = made()
    for first, same, other in zip(splits(manifest), splits(manifest), splits(manifest, seed=43), strict=True):
        assert first.digest == same.digest
        assert first.parts["val"] != other.parts["val"]


def test_folds_partition_the_material() -> None:
    manifest = made()
    held_out = [
        path for fold in range(5) for path in fold_split(manifest, folds=5, fold=fold, seed=7).parts["val"]
    ]
    assert sorted(held_out) == sorted(e.path for e in manifest.entries if e.split != "test")


def test_a_saved_split_comes_back_and_an_edited_one_does_not(tmp_path: Path) -> None:
    manifest = made()
    split = fold_split(manifest, folds=5, fold=0, seed=42)
    split.save(tmp_path / "split.json")
    assert load_split(tmp_path / "split.json", manifest) == split
    value = json.loads((tmp_path / "split.json").read_text())
    value["parts"]["train"].append(value["parts"]["test"].pop())
    (tmp_path / "split.json").write_text(json.dumps(value))
    with pytest.raises(SplitError, match="it was edited"):
        load_split(tmp_path / "split.json", manifest)


def test_a_split_of_other_data_is_refused(tmp_path: Path) -> None:
    fold_split(made(), folds=5, fold=0, seed=42).save(tmp_path / "split.json")
    with pytest.raises(SplitError, match="made from other data"):
        load_split(tmp_path / "split.json", made(salt="x"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": 1}', "\x00"])
def test_what_is_no_split_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "split.json").write_text(content)
    with pytest.raises(SplitError, match="is not a split file"):
        load_split(tmp_path / "split.json")
    with pytest.raises(SplitError, match="no such split file"):
        load_split(tmp_path / "other.json")


def test_impossible_wishes_are_refused() -> None:
    manifest = made()
    with pytest.raises(SplitError, match="add up to 1"):
        fractions_split(manifest, fractions=(0.7, 0.2, 0.2), seed=1)
    with pytest.raises(SplitError, match=r"multiple of 0\.05"):
        official_split(manifest, validation=0.123, seed=1)
    with pytest.raises(SplitError, match="does not exist"):
        fold_split(manifest, folds=5, fold=5, seed=1)
    with pytest.raises(SplitError, match="cannot be divided"):
        fold_split(made(9), folds=10, fold=0, seed=1)
    with pytest.raises(SplitError, match="no part 'holdout'"):
        fold_split(manifest, folds=5, fold=0, seed=1).indices("holdout", manifest)


def two_hospitals() -> Manifest:
    """Complete labels in one source, with an official test set; partial labels in the other."""
    home = [replace(entry, attributes={"source": "home"}) for entry in made(120).entries]
    away = [
        Entry(
            f"x{n:03}.png",
            LABELS[(0, 3, 4)[n % 3]],
            f"away:{n // 2}",
            "",
            9,
            9,
            f"x{n}",
            {"source": "away", "view": "AP"},
        )
        for n in range(90)
    ]
    return Manifest(Path("/data"), tuple(sorted([*home, *away], key=lambda e: e.path)))


def test_folds_are_stratified_by_source_and_label() -> None:
    manifest = two_hospitals()
    stratum = {e.path: (e.source, e.label) for e in manifest.entries}
    patient = {e.path: e.patient for e in manifest.entries}
    held_out = [fold_split(manifest, folds=3, fold=fold, seed=42).parts["val"] for fold in range(3)]
    counts = [Counter(stratum[path] for path in fold) for fold in held_out]
    for key in set(stratum.values()):
        shares = [count[key] / sum(c[key] for c in counts) for count in counts]
        assert shares == pytest.approx([1 / 3] * 3, abs=0.12), key
    groups = [{patient[path] for path in fold} for fold in held_out]
    assert not groups[0] & groups[1] | groups[1] & groups[2] | groups[0] & groups[2]


def test_one_hospital_is_left_out() -> None:
    manifest = two_hospitals()
    source = {e.path: e.source for e in manifest.entries}
    split = source_split(manifest, source="home")
    assert {source[path] for path in split.parts["train"]} == {"away"}
    assert {source[path] for path in split.parts["val"]} == {"home"}
    assert set(split.parts["test"]) == {e.path for e in manifest.entries if e.split == "test"}
    assert not set(split.parts["test"]) & set(split.parts["val"])
    for unknown, of in (("elsewhere", manifest), ("", made())):
        with pytest.raises(SplitError, match="cannot be left out"):
            source_split(of, source=unknown)


def test_images_of_one_attribute_leave_the_training_part_alone() -> None:
    manifest = two_hospitals()
    attributes = {e.path: e.attributes for e in manifest.entries}
    whole = fold_split(manifest, folds=3, fold=0, seed=42)
    split = train_without(whole, manifest, [AttributeValue(attribute="view", value="AP")])
    assert {attributes[path]["source"] for path in split.parts["train"]} == {"home"}
    assert {attributes[path]["source"] for path in split.parts["untrained"]} == {"away"}
    assert {*split.parts["train"], *split.parts["untrained"]} == set(whole.parts["train"])
    assert all(split.parts[part] == whole.parts[part] for part in ("val", "test"))
    assert split.digest != whole.digest


def test_attributes_that_leave_nothing_or_do_not_occur_are_refused() -> None:
    manifest = two_hospitals()
    whole = fold_split(manifest, folds=3, fold=0, seed=42)
    with pytest.raises(DatasetError, match=r"has view 'PA'; it has '', 'AP'"):
        train_without(whole, manifest, [AttributeValue(attribute="view", value="PA")])
    both = [AttributeValue(attribute="source", value=name) for name in ("home", "away")]
    with pytest.raises(SplitError, match="leaves no image to train on"):
        train_without(whole, manifest, both)


def test_too_few_patients_of_a_label_in_a_source_are_named() -> None:
    with pytest.raises(SplitError, match=r"patients of .* in source away cannot be divided into 40 parts"):
        fold_split(two_hospitals(), folds=40, fold=0, seed=1)


def test_images_without_an_official_part_are_trained_on() -> None:
    manifest = two_hospitals()
    split = official_split(manifest, validation=None, seed=0)
    away = {e.path for e in manifest.entries if e.source == "away"}
    assert away <= set(split.parts["train"])


@pytest.mark.parametrize(
    ("labels", "thin"),
    [
        (["NORMAL"] * 8 + ["BACTERIAL_PNEUMONIA"] * 8, True),
        ([f.value for f in Finding] * 10, False),
        ([f.value for f in Finding] * 9, True),
        (["NORMAL"] * 10 + ["PNEUMONIA"] * 10, False),
        (["NORMAL"] * 3 + ["PNEUMONIA"] * 10, True),
    ],
)
def test_parts_too_small_to_choose_by(labels: list[str], thin: bool) -> None:
    assert bool(thin_findings(labels)) == thin
