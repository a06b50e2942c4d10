"""Readers for the layouts of public chest radiograph collections, to images with (mostly partial) labels.

Each collection is recognised by its table of labels. Images that are not there are left out, since these collections
are often fetched in parts. Licences differ; neumo downloads none of them.

Sources: Wang et al., CVPR 2017 (NIH ChestX-ray14); Shih et al., Radiology: AI 2019 (RSNA Pneumonia Detection
Challenge); Lakhani et al., J. Digit. Imaging 2023 (SIIM-FISABIO-RSNA); Irvin et al., AAAI 2019 (CheXpert); Bustos et
al., Med. Image Anal. 2020 (PadChest); Nguyen et al., Sci. Data 2022 (VinDr-CXR); Pham et al., 2022 (VinDr-PCXR);
Demner-Fushman et al., JAMIA 2016 (Open-i, in the tables of its Kaggle copy).
"""

import ast
import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from neumo.core.errors import DatasetError, ManifestError
from neumo.core.findings import Finding
from neumo.core.labels import Label, PartialLabel
from neumo.datasets.csv_manifest import Listed
from neumo.imaging.image_files import FoundFiles, find_images, has_image_suffix

_TEXT = "text of the report, mined by a program"
_Rows = Iterator[dict[str, str]]
_Images = Mapping[str, str]
"""File name without suffix to the path relative to the root."""


def public_images(root: Path) -> tuple[list[Listed], FoundFiles] | None:
    """List the images of a public collection in `root`, and what else lies in it; None where it is none of those known.

    Raises
    ------
    DatasetError
        Its table lists images, but none of them is in the folder.
    ManifestError
        The table lacks a column or is no CSV in UTF-8.
    """
    for name, read in _READERS.items():
        table = next(
            (root / folder / name for folder in ("", "annotations") if (root / folder / name).is_file()), None
        )
        if table is not None:
            return _listed(root, table, read)
    return None


def _listed(
    root: Path, table: Path, read: Callable[[Path, Path, _Images], Iterable[Listed]]
) -> tuple[list[Listed], FoundFiles]:
    found = find_images([root])
    images = {
        path.stem if has_image_suffix(path.name) else path.name: path.relative_to(root).as_posix()
        for path in found.images
    }
    try:
        listed = list(read(root, table, images))
    except KeyError as error:
        raise ManifestError(
            "{table}: missing column {error}; is it the table of another version?", table=table, error=error
        ) from error
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ManifestError(
            "{table}: is not the table of labels that its name says ({error})", table=table, error=error
        ) from error
    if not listed:
        raise DatasetError("{table}: lists images, and none of them is in {root}", table=table, root=root)
    return listed, found


def _nih(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    tests = root / "test_list.txt"
    test = set(tests.read_text(encoding="utf-8").split()) if tests.is_file() else set()
    for row in _rows(table):
        name = row["Image Index"]
        if Path(name).stem in images:
            said = set(row["Finding Labels"].split("|"))
            yield _image(
                images[Path(name).stem],
                _of(normal="No Finding" in said, pneumonia="Pneumonia" in said),
                f"nih:{int(row['Patient ID'])}",
                split=("test" if name in test else "train") if test else "",
                source="nih",
                age=row["Patient Age"],
                sex=row["Patient Gender"],
                view=row["View Position"],
                label_basis=_TEXT,
            )


def _rsna(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    mapping = root / "pneumonia-challenge-dataset-mappings_2018.json"
    nih = json.loads(mapping.read_text(encoding="utf-8")) if mapping.is_file() else []
    people = {one["subset_img_id"]: f"nih:{int(one['img_id'].split('_')[0])}" for one in nih}
    labels: dict[str, Label] = {"Normal": Finding.NORMAL, "Lung Opacity": PartialLabel.PNEUMONIA}
    for name, row in {row["patientId"]: row for row in _rows(table)}.items():  # a row for each box
        if name in images:
            yield _image(
                images[name],
                labels.get(row["class"], PartialLabel.OTHER_ABNORMAL),
                people.get(name, f"rsna:{name}"),
                source="nih",
                label_basis="radiologists of the RSNA challenge",
            )


def _siim(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    labels: dict[str, Label] = {
        "Negative for Pneumonia": Finding.NORMAL,
        "Typical Appearance": Finding.VIRAL_PNEUMONIA,
        "Indeterminate Appearance": PartialLabel.PNEUMONIA,
        "Atypical Appearance": PartialLabel.OTHER_ABNORMAL,
    }
    of_study = {
        row["id"].removesuffix("_study"): next((text for text in labels if row[text] == "1"), "")
        for row in _rows(table)
    }
    for row in _rows(root / "train_image_level.csv"):
        name, study = row["id"].removesuffix("_image"), row["StudyInstanceUID"]
        if name in images and of_study.get(study):
            basis = f"SIIM-FISABIO-RSNA radiologists, study label: {of_study[study]}"
            yield _image(
                images[name], labels[of_study[study]], f"siim-study:{study}", source="siim", label_basis=basis
            )


def _chexpert(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    for split, file in (("train", table), ("val", table.with_name("valid.csv"))):
        for row in _rows(file) if file.is_file() else ():
            path = row["Path"].partition("/")[2]  # its first part is the collection's own folder
            uncertain = row["Pneumonia"] == "-1.0"
            if (root / path).is_file() and not uncertain:
                yield _image(
                    path,
                    _of(normal=row["No Finding"] == "1.0", pneumonia=row["Pneumonia"] == "1.0"),
                    f"chexpert:{path.split('/')[1]}",
                    split=split,
                    source="chexpert",
                    age=row["Age"],
                    sex=row["Sex"][:1],
                    view="LATERAL" if row["Frontal/Lateral"] == "Lateral" else row["AP/PA"],
                    label_basis=_TEXT if split == "train" else "three radiologists",
                )


def _padchest(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    for row in _rows(table):
        name, projection = Path(row["ImageID"]).stem, row["Projection"]
        if name in images and row["Labels"].startswith("["):
            said = {str(label).strip() for label in ast.literal_eval(row["Labels"])}
            born, taken = row["PatientBirth"][:4], row["StudyDate_DICOM"][:4]
            yield _image(
                images[name],
                _of(normal=said == {"normal"}, pneumonia="pneumonia" in said),
                f"padchest:{row['PatientID']}",
                source="padchest",
                age=str(int(taken) - int(born)) if born.isdecimal() and taken.isdecimal() else "",
                sex=row["PatientSex_DICOM"],
                view={"AP_horizontal": "AP", "L": "LATERAL"}.get(projection, projection),
                label_basis="radiologist" if row["MethodLabel"] == "Physician" else _TEXT,
            )


def _vindr(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    """VinDr-CXR and VinDr-PCXR: the majority of the radiologists (a row each); every image is its own patient."""
    for split, file in (("train", table), ("test", table.with_name("image_labels_test.csv"))):
        votes: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in _rows(file) if file.is_file() else ():
            votes[row["image_id"]].append(row)
        for name, rows in votes.items():
            if name in images:
                child = any("Bronchiolitis" in column for column in rows[0])
                source = "vindr-pcxr" if child else "vindr-cxr"
                yield _image(
                    images[name],
                    _of(
                        normal=_majority(rows, "no finding"),
                        pneumonia=_majority(rows, "pneumonia", "brocho-pneumonia", "pleuro-pneumonia"),
                    ),
                    f"{source}:{name}",
                    split=split,
                    source=source,
                    label_basis=f"{len(rows)} radiologist{'s' * (len(rows) > 1)}",
                )


def _majority(rows: list[dict[str, str]], *columns: str) -> bool:
    said = [any(row[name] in {"1", "1.0"} for name in row if name.lower() in columns) for row in rows]
    return 2 * sum(said) > len(said)


def _open_i(root: Path, table: Path, images: _Images) -> Iterator[Listed]:
    reports = {row["uid"]: row for row in _rows(root / "indiana_reports.csv")}
    for row in _rows(table):
        name, report = Path(row["filename"]).stem, reports.get(row["uid"])
        if name in images and report is not None:
            said = {problem.strip().lower() for problem in report["Problems"].split(";")}
            yield _image(
                images[name],
                _of(normal=said == {"normal"}, pneumonia="pneumonia" in said),
                f"open-i:{row['uid']}",
                source="open-i",
                view="LATERAL" if row["projection"] == "Lateral" else "",
                label_basis="report, coded by hand",
            )


_READERS: Mapping[str, Callable[[Path, Path, _Images], Iterable[Listed]]] = {
    "Data_Entry_2017.csv": _nih,
    "Data_Entry_2017_v2020.csv": _nih,
    "stage_2_detailed_class_info.csv": _rsna,
    "train_study_level.csv": _siim,
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv": _padchest,
    "image_labels_train.csv": _vindr,
    "indiana_projections.csv": _open_i,
    "train.csv": _chexpert,
}
"""Table by which a collection is told, and its reader."""


def _rows(table: Path) -> _Rows:
    with table.open(newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            yield {name: (text or "").strip() for name, text in row.items() if isinstance(name, str)}


def _of(*, normal: bool, pneumonia: bool) -> Label:
    if pneumonia:
        return PartialLabel.PNEUMONIA
    return Finding.NORMAL if normal else PartialLabel.OTHER_ABNORMAL


def _image(path: str, label: Label, patient: str, *, split: str = "", **attributes: str) -> Listed:
    return Listed(path, label, patient, split, {name: text for name, text in attributes.items() if text})
