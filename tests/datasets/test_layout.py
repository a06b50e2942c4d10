from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import DatasetError, ManifestError
from neumo.core.findings import Finding
from neumo.datasets.layout import SYNTHETIC_MARKER, open_dataset
from neumo.datasets.manifest import write_manifest


def image(path: Path, seed: int = 0, size: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size, size), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    root = tmp_path / "kaggle"
    names = {
        "NORMAL": ["IM-0115-0001.jpeg", "IM-0115-0002.jpeg", "NORMAL2-IM-0115-0001.jpeg"],
        "PNEUMONIA": ["person1_bacteria_1.jpeg", "person1_bacteria_2.jpeg", "person1_virus_6.jpeg"],
    }
    for number, split in enumerate(["train", "test"]):
        for folder, files in names.items():
            for position, name in enumerate(files):
                image(root / split / folder / name, seed=number * 10 + position)
    return root


def test_kaggle_layout_reads_subtype_from_name_and_namespaces_patients(kaggle: Path) -> None:
    manifest = open_dataset(kaggle)
    by_path = {e.path: e for e in manifest.entries}
    assert len(manifest) == 12
    assert by_path["train/PNEUMONIA/person1_virus_6.jpeg"].finding is Finding.VIRAL_PNEUMONIA
    first, second, other_series = (
        by_path[f"train/NORMAL/{name}"].patient
        for name in ("IM-0115-0001.jpeg", "IM-0115-0002.jpeg", "NORMAL2-IM-0115-0001.jpeg")
    )
    assert first == second != other_series
    bacterial = by_path["train/PNEUMONIA/person1_bacteria_1.jpeg"]
    assert bacterial.patient == by_path["train/PNEUMONIA/person1_virus_6.jpeg"].patient
    assert bacterial.patient != by_path["test/PNEUMONIA/person1_bacteria_1.jpeg"].patient
    assert (bacterial.width, bacterial.height, bacterial.split) == (40, 40, "train")


def test_authors_archive_names_are_read(tmp_path: Path) -> None:
    for folder, name in [
        ("NORMAL", "NORMAL-28501-0001"),
        ("PNEUMONIA", "BACTERIA-7422-0001"),
        ("PNEUMONIA", "VIRUS-7422-0002"),
    ]:
        image(tmp_path / "train" / folder / f"{name}.jpeg")
    entries = {Path(e.path).stem: e for e in open_dataset(tmp_path).entries}
    assert entries["VIRUS-7422-0002"].finding is Finding.VIRAL_PNEUMONIA
    assert (
        entries["VIRUS-7422-0002"].patient == entries["BACTERIA-7422-0001"].patient == "train/PNEUMONIA/7422"
    )


def test_three_class_folders_with_and_without_splits(tmp_path: Path) -> None:
    for parent in ("flat", "split/train", "split/valid"):
        for finding in Finding:
            image(tmp_path / parent / finding / "scan.png")
    flat, split = open_dataset(tmp_path / "flat"), open_dataset(tmp_path / "split")
    assert {e.split for e in flat.entries} == {""}
    assert {e.split for e in split.entries} == {"train", "val"}
    assert len({e.patient for e in flat.entries}) == 3, "a name without a number is a patient of its own"


def test_a_manifest_written_and_read_again_is_the_same(kaggle: Path) -> None:
    manifest = open_dataset(kaggle)
    write_manifest(manifest, kaggle / "manifest.csv")
    again = open_dataset(kaggle / "manifest.csv")
    assert again.entries == manifest.entries
    assert again.digest == manifest.digest


def test_the_digest_changes_with_a_single_pixel(kaggle: Path) -> None:
    before = open_dataset(kaggle).digest
    image(kaggle / "train" / "NORMAL" / "IM-0115-0001.jpeg", seed=99)
    assert open_dataset(kaggle).digest != before


def test_csv_attributes_are_kept(tmp_path: Path) -> None:
    for finding in Finding:
        image(tmp_path / f"{finding}.png")
    rows = "\n".join(f"{f}.png,{f.lower()},p{i},train,F,{i}" for i, f in enumerate(Finding))
    (tmp_path / "m.csv").write_text(f"path,finding,patient,split,sex,age\n{rows}\n")
    manifest = open_dataset(tmp_path / "m.csv")
    assert manifest.attribute_names == ("age", "sex")
    assert manifest.entries[0].attributes == {"sex": "F", "age": "1"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,verdict\na.png,NORMAL\n", "missing column label; found path, verdict"),
        ("path,finding\na.png,COVID\n", "unknown label 'COVID'"),
        ("path,finding\nb.png,NORMAL\n", "line 2: the file 'b.png' is not there"),
        ("path,finding,split\na.png,NORMAL,trial\n", "unknown split 'trial'"),
        ("path,finding\na.png,NORMAL\na.png,NORMAL\n", "stands already in line 2"),
        ("path,finding\na.png,NORMAL\n", "no image of BACTERIAL_PNEUMONIA, VIRAL_PNEUMONIA"),
        ("", "missing column path, label"),
    ],
)
def test_bad_manifests_say_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "m.csv").write_text(content)
    with pytest.raises(DatasetError, match=message):
        open_dataset(tmp_path / "m.csv")


def test_a_manifest_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(ManifestError, match="UTF-8"):
        open_dataset(tmp_path / "m.csv")


def test_bad_folders_say_what_is_wrong(tmp_path: Path, kaggle: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        open_dataset(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no class folder"):
        open_dataset(tmp_path / "empty")
    (kaggle / "train" / "COVID").mkdir()
    with pytest.raises(DatasetError, match="unknown class folder 'COVID'"):
        open_dataset(kaggle)
    (kaggle / "train" / "COVID").rmdir()
    image(kaggle / "train" / "PNEUMONIA" / "scan7.jpeg")
    with pytest.raises(DatasetError, match="does not say bacteria or virus"):
        open_dataset(kaggle)


def test_a_class_folder_without_images_is_an_error(kaggle: Path) -> None:
    for file in (kaggle / "test" / "NORMAL").iterdir():
        file.unlink()
    with pytest.raises(DatasetError, match="holds no image"):
        open_dataset(kaggle)


def test_an_unreadable_image_is_still_an_entry(kaggle: Path) -> None:
    (kaggle / "train" / "NORMAL" / "IM-0115-0001.jpeg").write_bytes(b"")
    entry = next(e for e in open_dataset(kaggle).entries if e.path == "train/NORMAL/IM-0115-0001.jpeg")
    assert (entry.width, entry.height) == (0, 0)


def test_phantoms_are_synthetic_and_others_are_not(kaggle: Path) -> None:
    assert not open_dataset(kaggle).synthetic
    (kaggle / SYNTHETIC_MARKER).write_text("{}")
    assert open_dataset(kaggle).synthetic


def test_the_public_data_set_has_its_known_counts(dataset: Path) -> None:
    manifest = open_dataset(dataset)
    assert tuple(manifest.counts("train").values()) == (1341, 2530, 1345)
    assert tuple(manifest.counts("val").values()) == (8, 8, 0)
    assert tuple(manifest.counts("test").values()) == (234, 242, 148)
    groups = {
        split: len({e.patient for e in manifest.entries if e.split == split}) for split in ("train", "test")
    }
    assert groups == {"train": 2846, "test": 427}
