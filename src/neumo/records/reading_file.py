"""Reading files: pixels, heat maps and DICOM header of a reading, for display until their retention ends.

One file a reading, since creating files costs most with small radiographs. Its format: a line of JSON, then the pixels
as bytes row by row, the class maps as little-endian 32-bit floats, and the DICOM header; the line states their sizes.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from neumo.core.files import PART, part_of, replacing
from neumo.core.patient import PatientStudy
from neumo.core.reading import Reading, Status
from neumo.explain.heatmap import map_of
from neumo.imaging.dicom.patient import read_patient
from neumo.imaging.dicom.pixel_spacing import PixelSpacing, pixel_spacing
from neumo.imaging.quiet import quiet

SUFFIX: Final = ".kept"
KEPT: Final = "kept"
"""Folder of reading files in the data folder of a workbench."""
_UNFINISHED = re.compile(re.escape(PART) + r"[0-9a-f]{16}" + re.escape(SUFFIX))
_MAP_ITEM: Final = np.dtype("<f4")
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class ReadingFile:
    """First line of a reading file: the reading, and the sizes of what follows.

    Attributes
    ----------
    reading : Reading
        Without its arrays, where it was loaded from a file.
    size : (int, int) or None
        Width and height of the radiograph in pixels; None where it is not stored.
    maps : (int, int, int) or None
        Shape of the class maps; None where there are none.
    header : int
        Length of the DICOM header in bytes; 0 where there is none.
    patient : PatientStudy or None
        What the header says of patient and study.
    spacing : PixelSpacing or None
        Of the radiograph's pixels, as the header says.
    """

    reading: Reading
    size: tuple[int, int] | None
    maps: tuple[int, int, int] | None
    header: int
    patient: PatientStudy | None = None
    spacing: PixelSpacing | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values, for a file or another process."""
        return {
            "reading": self.reading.to_json(),
            "size": self.size,
            "maps": self.maps,
            "header": self.header,
            "patient": None if self.patient is None else self.patient.to_json(),
            "spacing": None if self.spacing is None else asdict(self.spacing),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ReadingFile":
        """Return the value whose plain form `to_json` gave."""
        size, maps, patient, spacing = value["size"], value["maps"], value["patient"], value["spacing"]
        return cls(
            Reading.from_json(value["reading"]),
            None if size is None else (size[0], size[1]),
            None if maps is None else (maps[0], maps[1], maps[2]),
            value["header"],
            None if patient is None else PatientStudy.from_json(patient),
            None if spacing is None else PixelSpacing(**spacing),
        )


class ReadingFiles:
    """Folder of reading files, named by a hash of image, bundle and options.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def delete_unfinished(self) -> None:
        """Delete temporary files that an earlier server left."""
        for left in self._folder.glob(f"??/{PART}*{SUFFIX}"):
            if _UNFINISHED.fullmatch(left.name) and left.is_file():
                left.unlink(missing_ok=True)

    def path(self, sha256: str, bundle: str, options: Mapping[str, Any] | None) -> Path:
        """Return the path of the file of a reading that did not fail, whether it exists or not.

        A failure has a path of its own (`path_of`): it does not stand in the way of a later answer.
        """
        return self.named(_name(sha256, bundle, options))

    def path_of(self, body: Mapping[str, Any]) -> Path | None:
        """Return the path of a recorded reading's file; None where it cannot have one."""
        name = file_name_of(body)
        return None if name is None else self.named(name)

    def named(self, name: str) -> Path:
        """Return the path of the file of that name, as `file_name_of` gives it."""
        return self._folder / name[:2] / f"{name}{SUFFIX}"

    def add(self, source: Path, target: Path) -> None:
        """Move a finished reading file to its path here, durably; one that is there stays. May be repeated.

        Raises
        ------
        OutputError
            It cannot be written; `source` stays.
        """
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(target, private=True) as temporary:
                shutil.copyfile(source, temporary)
        source.unlink(missing_ok=True)

    def delete_expired(self, days: float | None, now: float | None = None) -> int:
        """Retention: delete files older than `days`; return how many were deleted."""
        if days is None or not self._folder.is_dir():
            return 0
        limit = (time.time() if now is None else now) - days * _DAY
        outdated = [path for path in self._folder.glob("??/*") if _made(path) < limit]
        for path in outdated:
            path.unlink(missing_ok=True)
        return len(outdated)


def file_name_of(body: Mapping[str, Any]) -> str | None:
    """Return the name of a recorded reading's file, whether it is stored or not; None where it cannot have one."""
    receipt = body.get("receipt") or {}
    digest = (receipt.get("bundle") or {}).get("digest")
    if not body.get("sha256") or not digest:
        return None
    failed = body["status"] == Status.FAILED
    return _name(body["sha256"], digest, receipt.get("options"), *(("failed",) if failed else ()))


def _name(sha256: str, bundle: str, options: Mapping[str, Any] | None, *more: str) -> str:
    named = [sha256, bundle, options, *more]
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def _made(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")


def write_reading_file(file: Path, reading: Reading) -> tuple[Path, ReadingFile]:
    """Write a reading file, with the header that the reading keeps, under a temporary name beside `file`.

    Returns
    -------
    Path
        The temporary file, not synced yet.
    ReadingFile

    Raises
    ------
    OSError
        Nothing is left behind.
    """
    pixels, maps, header = reading.pixels, reading.class_maps, _encoded(reading.header)
    found = ReadingFile(
        reading,
        None if pixels is None else (pixels.shape[1], pixels.shape[0]),
        None if maps is None else (maps.shape[0], maps.shape[1], maps.shape[2]),
        len(header or b""),
        read_patient(reading.header),
        None if reading.header is None else pixel_spacing(reading.header),
    )
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = part_of(file)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(json.dumps(found.to_json()).encode() + b"\n")
            if pixels is not None:
                # The fastest PNG took three times as long as reading a full-size radiograph, for half the space.
                stream.write(np.ascontiguousarray(pixels).data)
            if maps is not None:
                stream.write(np.ascontiguousarray(maps, dtype=_MAP_ITEM).data)
            stream.write(header or b"")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary, found


def _encoded(header: Dataset | None) -> bytes | None:
    """Return a header as a DICOM file without pixels; None where there is none, or none that can be written."""
    if header is None:
        return None
    buffer = BytesIO()
    try:
        with quiet():
            header.save_as(buffer, enforce_file_format=True)
    except Exception:  # the writer's own errors are of any kind; the reading stands without its header
        return None
    return buffer.getvalue()


def load_reading_file(file: Path) -> ReadingFile | None:
    """Return the first line of a reading file, without arrays; None where there is no such file."""
    with _opened(file) as opened:
        return None if opened is None else opened[1]


def load_reading(file: Path, *, pictures: bool = False) -> Reading | None:
    """Return a stored reading, with pixels and maps if asked for; None where there is no such file."""
    found = load_reading_file(file)
    if found is None or not pictures:
        return None if found is None else found.reading
    maps, finding = load_class_maps(file), found.reading.answer.finding if found.reading.answer else None
    return replace(
        found.reading,
        pixels=load_pixels(file),
        class_maps=maps,
        class_map=None if maps is None or finding is None else map_of(maps, finding),
    )


def load_pixels(file: Path) -> NDArray[np.uint8] | None:
    """Return the radiograph (height, width) of uint8; None where it is not stored."""
    with _opened(file) as opened:
        if opened is None or opened[1].size is None:
            return None
        stream, (width, height) = opened[0], opened[1].size
        return np.fromfile(stream, np.uint8, width * height).reshape(height, width)


def load_class_maps(file: Path) -> NDArray[np.float32] | None:
    """Return the class maps, shape (3, h, w); None where there are none."""
    with _opened(file) as opened:
        if opened is None or opened[1].maps is None:
            return None
        stream, found = opened
        stream.seek(_pixel_bytes(found), os.SEEK_CUR)
        maps = np.fromfile(stream, _MAP_ITEM, int(np.prod(found.maps or ()))).reshape(found.maps)
        return maps.astype(np.float32, copy=False)


def load_dicom_header(file: Path) -> bytes | None:
    """Return the DICOM header as bytes; None where the image was no DICOM, or is not stored."""
    with _opened(file) as opened:
        if opened is None or not opened[1].header:
            return None
        stream, found = opened
        maps = 0 if found.maps is None else int(np.prod(found.maps)) * _MAP_ITEM.itemsize
        stream.seek(_pixel_bytes(found) + maps, os.SEEK_CUR)
        return stream.read(found.header)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[IO[bytes], ReadingFile] | None]:
    """Open a reading file after its first line, and yield both; None where there is no such file."""
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        yield None
        return
    with stream:
        yield stream, ReadingFile.from_json(json.loads(stream.readline()))


def _pixel_bytes(found: ReadingFile) -> int:
    return 0 if found.size is None else found.size[0] * found.size[1]
