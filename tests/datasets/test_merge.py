import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import ManifestError, OutputError
from neumo.core.labels import LABELS, PartialLabel, allowed_findings
from neumo.datasets.layout import open_dataset
from neumo.datasets.merge import Source, label_counts, merge
from neumo.datasets.phantoms.dataset import make_phantoms

HEADER = "path,label,patient,age,sex,view,label_basis"


def image(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def hospital(folder: Path, name: str, rows: list[str], seed: int = 0) -> Path:
    """A CSV manifest; the first column names its images."""
    for number, row in enumerate(rows):
        image(folder / row.split(",")[0], seed + number)
    (folder / f"{name}.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return folder / f"{name}.csv"


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    children = hospital(
        tmp_path / "a",
        "children",
        [
            "n.png,NORMAL,children:1,043Y,f,pa,report",
            "b.png,BACTERIAL_PNEUMONIA,children:2,8 months,M,AP,culture",
            "v.png,VIRAL_PNEUMONIA,children:3,,M,AP,culture",
        ],
    )
    adults = hospital(
        tmp_path / "b" / "deep",
        "adults",
        [
            "n.png,NORMAL,adults:1,60,F,PA,reader",
            "p.png,PNEUMONIA,adults:2,61,F,AP,reader",
            "o.png,other_abnormal,adults:3,,,AP,",
        ],
        seed=50,
    )
    return children, adults


def test_a_merged_manifest_holds_every_image_with_its_source_and_ages_in_years(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    target = tmp_path / "c" / "all.csv"
    merged = merge([Source(two[0]), Source(two[1], "clinic")], target)
    again = open_dataset(target)
    assert again.entries == merged.manifest.entries
    assert again.digest == merged.manifest.digest
    assert again.sources == ("children", "clinic")
    by_patient = {entry.patient: entry for entry in again.entries}
    assert by_patient["children:1"].attributes["age"] == "43"
    assert float(by_patient["children:2"].attributes["age"]) == pytest.approx(8 / 12, abs=1e-3)
    assert (by_patient["children:1"].attributes["sex"], by_patient["children:1"].view) == ("F", "PA")
    assert by_patient["adults:3"].label is PartialLabel.OTHER_ABNORMAL
    assert again.file(by_patient["adults:2"]).samefile(tmp_path / "b" / "deep" / "p.png")
    assert label_counts(again)["clinic", "PNEUMONIA", "AP"] == 1
    with target.open() as stream:
        assert next(csv.reader(stream))[:3] == ["path", "label", "patient"]


def test_the_digest_depends_on_sources_and_views(two: tuple[Path, Path], tmp_path: Path) -> None:
    first = merge([Source(two[0]), Source(two[1])], tmp_path / "1.csv").manifest
    other_name = merge([Source(two[0]), Source(two[1], "clinic")], tmp_path / "2.csv").manifest
    assert first.digest != other_name.digest


def test_every_fault_of_every_data_set_is_named_with_its_line_and_nothing_is_written(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = hospital(
        tmp_path / "bad",
        "bad",
        ["x.png,COVID,p1,,,,", "y.png,NORMAL,p2,old,,,", "z.png,NORMAL,children:1,,,,"],
    )
    with bad.open("a") as stream:
        stream.write("missing.png,NORMAL,p4,900Y,,,\n")
    target = tmp_path / "all.csv"
    with pytest.raises(ManifestError) as raised:
        merge([Source(two[0]), Source(bad)], target)
    said = str(raised.value)
    assert "5 faults, nothing was written" in said
    assert f"{bad}, line 2: unknown label 'COVID'; use one of NORMAL" in said
    assert f"{bad}, line 3: the age 'old' is none" in said
    assert f"{bad}, line 5: the file 'missing.png' is not there" in said
    assert f"{bad}, line 5: the age '900Y' is none" in said
    assert (
        f"{bad}, line 4: the patient 'children:1' of source 'bad' stands in source 'children' too ({two[0]}, line 2)"
        in said
    )
    assert not target.exists()


def test_a_manifest_is_not_replaced_by_what_it_is_merged_into(two: tuple[Path, Path]) -> None:
    before = two[1].read_bytes()
    with pytest.raises(OutputError, match="is one of the manifests that are merged"):
        merge([Source(two[0]), Source(two[1])], two[1].parent / ".." / "deep" / "adults.csv")
    assert two[1].read_bytes() == before


def test_an_image_is_merged_once(two: tuple[Path, Path], tmp_path: Path) -> None:
    again = Path(shutil.copy(two[0], two[0].with_name("again.csv")))
    with pytest.raises(
        ManifestError, match=r"stands already in .*children\.csv, line 2; merge each image once"
    ):
        merge([Source(two[0]), Source(again, "children")], tmp_path / "all.csv")


def test_what_teaches_the_hospital_is_warned_of(two: tuple[Path, Path], tmp_path: Path) -> None:
    one_label = hospital(
        tmp_path / "n", "healthy", ["1.png,NORMAL,healthy:1,,,LL,", "2.png,NORMAL,healthy:2,,,LL,"]
    )
    shutil.copy(tmp_path / "n" / "1.png", tmp_path / "n" / "2.png")
    shutil.copy(tmp_path / "n" / "1.png", tmp_path / "a" / "b.png")
    warnings = "\n".join(merge([Source(two[0]), Source(one_label)], tmp_path / "all.csv").warnings)
    assert "healthy: every image is NORMAL; a network learns the hospital" in warnings
    assert "healthy: views LL are not frontal" in warnings
    assert "children: mixed views (BACTERIAL_PNEUMONIA 1 AP; NORMAL 1 PA; VIRAL_PNEUMONIA 1 AP)" in warnings
    assert (
        "1 groups of identical files; 1 lie in two sources; 1 have different labels; 1 have different patient"
        in warnings
    )


def test_folders_are_merged_and_phantoms_stay_apart_from_real_images(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    make_phantoms(tmp_path / "phantoms", per_class=4, seed=1, size=64)
    merged = merge([Source(tmp_path / "phantoms", "drawn")], tmp_path / "drawn.csv").manifest
    assert merged.synthetic
    assert open_dataset(tmp_path / "drawn.csv").synthetic
    assert {entry.split for entry in merged.entries} >= {"train", "test"}
    with pytest.raises(ManifestError, match="phantoms and real images"):
        merge([Source(tmp_path / "phantoms", "drawn"), Source(two[0])], tmp_path / "all.csv")


def test_the_lists_of_other_hospitals_are_read(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "other_hospitals"
    if not folder.is_dir():
        pytest.skip("the films of other hospitals are not there")
    merged = merge([Source(folder / "nih.csv"), Source(folder / "siim.csv")], tmp_path / "m.csv").manifest
    counts = label_counts(merged)
    assert (
        sum(n for (source, label, _), n in counts.items() if (source, label) == ("nih", "PNEUMONIA")) == 321
    )
    assert counts["siim", "VIRAL_PNEUMONIA", ""] == 1456


def test_labels_allow_findings() -> None:
    assert [len(allowed_findings(label)) for label in LABELS] == [1, 1, 1, 2, 0]
