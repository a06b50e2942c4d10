"""Download the public data set of Kermany et al. (2018) from its authors' archive, and check it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from neumo.core.errors import DownloadError
from neumo.core.files import write_text
from neumo.core.message import Message, joined
from neumo.core.zip_archive import UnpackLimits
from neumo.datasets.download.resumable import Progress, download
from neumo.datasets.download.unpack import unpack_zip
from neumo.datasets.folders import filling, require_free
from neumo.imaging.image_files import find_images

ARCHIVE_NAME = "ChestXRay2017.zip"

KERMANY_URL = (
    "https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
    "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded"
)
"""Public address of ChestXRay2017.zip (about 1.2 GB) at Mendeley Data.

Widely used, but not tested by this project's own checks, which run offline; `--url` replaces it.
"""

KERMANY_COUNTS: Mapping[str, int] = MappingProxyType(
    {"train/NORMAL": 1349, "train/PNEUMONIA": 3883, "test/NORMAL": 234, "test/PNEUMONIA": 390}
)
"""Images in each folder of the authors' archive: 5,856 in all."""

ATTRIBUTION = """\
Chest radiographs of children aged one to five, Guangzhou Women and Children's Medical Center.

Kermany, Daniel; Zhang, Kang; Goldbaum, Michael (2018): Large Dataset of Labeled Optical Coherence Tomography
(OCT) and Chest X-Ray Images. Mendeley Data, V3. https://doi.org/10.17632/rscbjbr9sj.3
Licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/

Paper: Kermany et al., Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep Learning.
Cell 172 (2018) 1122-1131. https://doi.org/10.1016/j.cell.2018.02.010
"""


def get_kermany(
    target: Path,
    *,
    url: str = KERMANY_URL,
    sha256: str | None = None,
    progress: Progress | None = None,
    verify_counts: bool = True,
    keep_archive: bool = False,
    attempts: int = 5,
    pause: float = 1.0,
    limits: UnpackLimits | None = None,
) -> Path:
    """Download, unpack and check the authors' archive.

    The archive lies beside `target` as ChestXRay2017.zip while it is fetched and unpacked. One that is there
    already, from an interrupted run or fetched by hand, is used and not fetched again.

    Parameters
    ----------
    target : Path
        Folder to make, with train, test and ATTRIBUTION.txt; it must not exist or be empty.
    url : str
        Address of the archive.
    sha256 : str, optional
        Expected digest of the archive.
    progress : callable, optional
        Called with (bytes done, bytes in all) while downloading.
    verify_counts : bool
        Compare the images per folder with `KERMANY_COUNTS`.
    keep_archive : bool
        Leave the archive beside `target` in the end; one that was there before is left in any case.
    attempts, pause : int, float
        As in `download`.
    limits : UnpackLimits, optional
        As in `unpack_zip`.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DatasetError
        `target` is not empty.
    DownloadError
        The download failed, the digest differs, the archive is damaged or its images are not as many as known.
    UnsafeArchiveError
        The archive would write outside `target` or is a decompression bomb.
    OutputError
        The disk is full or the folder cannot be written.
    """
    target = target.absolute()
    require_free(target)
    archive = target.with_name(ARCHIVE_NAME)
    by_hand = archive.exists()
    download(url, archive, sha256=sha256, progress=progress, attempts=attempts, pause=pause)
    with filling(target) as folder:
        unpacked = folder / "unpacked"
        unpack_zip(archive, unpacked, limits)
        root = _dataset_root(archive, unpacked)
        if verify_counts:
            _require_counts(archive, root)
        for part in sorted(root.iterdir()):
            part.rename(folder / part.name)
        shutil.rmtree(unpacked)
        write_text(folder / "ATTRIBUTION.txt", ATTRIBUTION)
    if not keep_archive and not by_hand:
        archive.unlink(missing_ok=True)
    return target


def _dataset_root(archive: Path, unpacked: Path) -> Path:
    """Return the folder that holds train and test: the archive's own or its only one."""
    for candidate in (unpacked, *sorted(p for p in unpacked.iterdir() if p.is_dir())):
        if (candidate / "train").is_dir() and (candidate / "test").is_dir():
            return candidate
    raise DownloadError(
        "{archive}: holds no folders train and test; it is another archive, delete it and check --url",
        archive=archive,
    )


def _require_counts(archive: Path, root: Path) -> None:
    found = {name: _images(root / name) for name in KERMANY_COUNTS}
    wrong = [
        Message("{name} has {found:,} instead of {known:,}", name=name, found=found[name], known=known)
        for name, known in KERMANY_COUNTS.items()
        if found[name] != known
    ]
    if wrong:
        raise DownloadError(
            "{archive}: is not the known data set: {wrong} images. Delete it to download it "
            "again, or accept it with --no-verify-count",
            archive=archive,
            wrong=joined("; ", wrong),
        )


def _images(folder: Path) -> int:
    return len(find_images([folder]).images)
