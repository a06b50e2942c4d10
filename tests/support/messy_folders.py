"""A folder as people really have it: a copied CD, names without suffixes, leftovers of three operating systems."""

import os
import shutil
from pathlib import Path

from PIL import Image
from pydicom.uid import BasicTextSRStorage, MediaStorageDirectoryStorage
from tests.support.node_samples import radiograph, written

SKIPPED = {"litter": 5, "no_image": 2, "dicomdir": 1, "report": 1, "special": 1, "repeated": 1}
"""Files of `messy_folder` that are skipped, by reason."""

RASTER = (
    "film.jpe",
    "film.jfif",
    "film.tif",
    "film.TIFF",
    "film.bmp",
    "film.webp",
    "film.avif",
    "jpeg-without-suffix",
)
DICOM = ("1.2.840.113619.2.5.1", "IM000001", "film.dcm")
FAILED = ("text.png", "gone.png")


def messy_folder(folder: Path, film: Path) -> Path:
    """Make the folder from a JPEG of a radiograph; all of `RASTER` and `DICOM` are that radiograph."""
    (folder / "cd" / "DICOM").mkdir(parents=True)
    with Image.open(film) as image:
        grey = image.convert("L")
    for name in RASTER:
        kinds = {".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".webp": "WEBP", ".avif": "AVIF"}
        kind = kinds.get(Path(name).suffix.lower())
        if kind is None:
            shutil.copy(film, folder / name)
        else:
            grey.save(folder / name, kind, **({"quality": 95} if kind in {"WEBP", "AVIF"} else {}))
    for name in DICOM:
        written(radiograph(film), folder / "cd" / "DICOM" / name)
    _not_images(folder / "cd")
    _litter(folder, film)
    (folder / "text.png").write_text("not an image")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "notes.txt").write_text("nothing to read")
    (folder / "README").write_text("nothing to read")
    os.mkfifo(folder / "pipe.png")
    (folder / "cd" / "back").symlink_to(folder, target_is_directory=True)
    return folder


def _not_images(cd: Path) -> None:
    report = radiograph()
    del report.PixelData
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    written(report, cd / "DICOM" / "SR000001")
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    written(report, cd / "DICOMDIR")


def _litter(folder: Path, film: Path) -> None:
    (folder / "__MACOSX").mkdir()
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._film.jpe"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    shutil.copy(film, folder / "__MACOSX" / "film.jpeg")
