"""The layouts of public collections, on a few rows in their columns; the pictures are noise."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import DatasetError, ManifestError
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry


def collection(root: Path, tables: dict[str, str], images: list[str]) -> dict[str, Entry]:
    """Write the tables and pictures, and read them; entries by the file's stem."""
    for name, text in tables.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.strip() + "\n")
    for seed, name in enumerate(images):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 20), dtype=np.uint8)).save(
            root / name
        )
    return {Path(entry.path).stem: entry for entry in open_dataset(root).entries}


NIH = """
Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position
00000001_000.png,Cardiomegaly|Effusion,0,1,058Y,M,PA
00000002_000.png,No Finding,0,2,81,F,AP
00000013_005.png,Infiltration|Pneumonia,5,13,6,F,AP
00000099_000.png,No Finding,0,99,3,F,AP
"""


def test_nih_chest_xray_14(tmp_path: Path) -> None:
    found = collection(
        tmp_path,
        {"Data_Entry_2017.csv": NIH, "test_list.txt": "00000013_005.png"},
        [
            "images_001/images/00000001_000.png",
            "images_001/images/00000002_000.png",
            "images_002/images/00000013_005.png",
        ],
    )
    assert {name: (e.label.value, e.patient, e.split) for name, e in found.items()} == {
        "00000001_000": ("OTHER_ABNORMAL", "nih:1", "train"),
        "00000002_000": ("NORMAL", "nih:2", "train"),
        "00000013_005": ("PNEUMONIA", "nih:13", "test"),
    }, "an image that is not there is left out"
    assert found["00000001_000"].attributes["age"] == "058Y"
    assert (found["00000002_000"].source, found["00000002_000"].view) == ("nih", "AP")


def test_rsna_challenge_takes_its_patients_from_the_mapping(tmp_path: Path) -> None:
    rows = "patientId,class\na1,Lung Opacity\na1,Lung Opacity\na2,Normal\na3,No Lung Opacity / Not Normal\n"
    mapping = json.dumps([{"subset_img_id": "a1", "img_id": "00000013_005.png"}])
    found = collection(
        tmp_path,
        {"stage_2_detailed_class_info.csv": rows, "pneumonia-challenge-dataset-mappings_2018.json": mapping},
        [f"stage_2_train_images/a{i}.png" for i in (1, 2, 3)],
    )
    assert [found[name].label.value for name in ("a1", "a2", "a3")] == [
        "PNEUMONIA",
        "NORMAL",
        "OTHER_ABNORMAL",
    ]
    assert [found[name].patient for name in ("a1", "a2")] == ["nih:13", "rsna:a2"]


def test_siim_fisabio_rsna(tmp_path: Path) -> None:
    studies = """
id,Negative for Pneumonia,Typical Appearance,Indeterminate Appearance,Atypical Appearance
s1_study,0,1,0,0
s2_study,1,0,0,0
s3_study,0,0,1,0
s4_study,0,0,0,1
"""
    images = "id,boxes,label,StudyInstanceUID\n" + "".join(f"i{n}_image,,none,s{n}\n" for n in (1, 2, 3, 4))
    found = collection(
        tmp_path,
        {"train_study_level.csv": studies, "train_image_level.csv": images},
        [f"train/s{n}/series/i{n}.png" for n in (1, 2, 3, 4)],
    )
    labels = [found[f"i{n}"].label.value for n in (1, 2, 3, 4)]
    assert labels == ["VIRAL_PNEUMONIA", "NORMAL", "PNEUMONIA", "OTHER_ABNORMAL"]
    assert found["i1"].patient == "siim-study:s1"


def test_chexpert_leaves_uncertain_pneumonia_out(tmp_path: Path) -> None:
    header = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Lung Opacity,Pneumonia\n"
    train = header + (
        "CheXpert-v1.0-small/train/patient00001/study1/a.png,Female,68,Frontal,AP,1.0,,\n"
        "CheXpert-v1.0-small/train/patient00002/study1/b.png,Male,8,Frontal,PA,,1.0,-1.0\n"
        "CheXpert-v1.0-small/train/patient00003/study1/c.png,Male,87,Lateral,,,1.0,1.0\n"
    )
    valid = header + "CheXpert-v1.0-small/valid/patient00004/study1/d.png,Male,73,Frontal,AP,0.0,1.0,0.0\n"
    found = collection(
        tmp_path,
        {"train.csv": train, "valid.csv": valid},
        [
            f"{part}/patient0000{n}/study1/{x}.png"
            for part, n, x in (("train", 1, "a"), ("train", 2, "b"), ("train", 3, "c"), ("valid", 4, "d"))
        ],
    )
    assert {name: e.label.value for name, e in found.items()} == {
        "a": "NORMAL",
        "c": "PNEUMONIA",
        "d": "OTHER_ABNORMAL",
    }
    assert (found["c"].view, found["d"].split, found["a"].patient) == (
        "LATERAL",
        "val",
        "chexpert:patient00001",
    )
    assert found["a"].attributes["sex"] == "F"


def test_padchest(tmp_path: Path) -> None:
    table = """
ImageID,PatientID,PatientBirth,PatientSex_DICOM,StudyDate_DICOM,Projection,MethodLabel,Labels
x1.png,p1,1950.0,M,20140915,PA,Physician,['normal']
x2.png,p2,1931.0,F,20141110,AP_horizontal,RNN_model,"['pneumonia', 'pleural effusion']"
x3.png,p3,,F,20141110,L,RNN_model,['scoliosis']
x4.png,p4,,F,20141110,PA,RNN_model,
"""
    found = collection(
        tmp_path,
        {"PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv": table},
        [f"0/x{n}.png" for n in (1, 2, 3, 4)],
    )
    assert {name: e.label.value for name, e in found.items()} == {
        "x1": "NORMAL",
        "x2": "PNEUMONIA",
        "x3": "OTHER_ABNORMAL",
    }
    assert found["x1"].attributes["age"] == "64"
    assert [found[name].view for name in ("x1", "x2", "x3")] == ["PA", "AP", "LATERAL"]
    assert found["x1"].attributes["label_basis"] == "radiologist"


@pytest.mark.parametrize(("child", "source"), [(False, "vindr-cxr"), (True, "vindr-pcxr")])
def test_vindr_takes_the_majority_of_its_radiologists(tmp_path: Path, child: bool, source: str) -> None:
    extra = "Bronchiolitis" if child else "Nodule/Mass"
    train = f"image_id,rad_id,{extra},Pneumonia,No finding\n" + "".join(
        f"{image},R{reader},0,{pneumonia},{normal}\n"
        for image, opinions in {
            "v1": ((1, 0), (1, 0), (0, 1)),
            "v2": ((0, 1), (0, 1), (1, 0)),
            "v3": ((0, 0), (0, 1), (1, 0)),
        }.items()
        for reader, (pneumonia, normal) in enumerate(opinions)
    )
    test = f"image_id,{extra},Pneumonia,No finding\nv4,0,1,0\n"
    found = collection(
        tmp_path,
        {"annotations/image_labels_train.csv": train, "annotations/image_labels_test.csv": test},
        ["train/v1.png", "train/v2.png", "train/v3.png", "test/v4.png"],
    )
    labels = [found[name].label.value for name in ("v1", "v2", "v3", "v4")]
    assert labels == ["PNEUMONIA", "NORMAL", "OTHER_ABNORMAL", "PNEUMONIA"]
    assert {entry.source for entry in found.values()} == {source}
    assert found["v4"].split == "test"


def test_open_i(tmp_path: Path) -> None:
    reports = "uid,MeSH,Problems\n1,normal,normal\n2,x,Pneumonia;Cardiomegaly\n3,y,Scoliosis\n"
    views = [
        ("1", "1_IM", "Frontal"),
        ("1", "1_L", "Lateral"),
        ("2", "2_IM", "Frontal"),
        ("3", "3_IM", "Frontal"),
    ]
    projections = "uid,filename,projection\n" + "".join(
        f"{uid},{name}.dcm.png,{view}\n" for uid, name, view in views
    )
    found = collection(
        tmp_path,
        {"indiana_reports.csv": reports, "indiana_projections.csv": projections},
        [f"images/{name}.dcm.png" for name in ("1_IM", "1_L", "2_IM", "3_IM")],
    )
    assert {name: e.label.value for name, e in found.items()} == {
        "1_IM.dcm": "NORMAL",
        "1_L.dcm": "NORMAL",
        "2_IM.dcm": "PNEUMONIA",
        "3_IM.dcm": "OTHER_ABNORMAL",
    }
    assert found["1_L.dcm"].view == "LATERAL"
    assert found["1_L.dcm"].patient == found["1_IM.dcm"].patient


def test_a_table_without_its_images_or_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="none of them is in"):
        collection(tmp_path / "a", {"Data_Entry_2017.csv": NIH}, [])
    with pytest.raises(ManifestError, match="missing column 'Finding Labels'"):
        collection(tmp_path / "b", {"Data_Entry_2017.csv": "Image Index\nx.png\n"}, ["x.png"])
    with pytest.raises(ManifestError, match="is not the table of labels"):
        collection(
            tmp_path / "c", {"Data_Entry_2017.csv": NIH.replace(",1,058Y", ",one,058Y")}, ["00000001_000.png"]
        )
