"""What is kept of a reading for looking at it again, until its retention ends: pixels, heat maps, header."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.core.reading import Answer, Notice, Reading, Status

READING: Final = "reading.json"
PIXELS: Final = "pixels.npy"
MAPS: Final = "maps.npy"
HEADER: Final = "header.dcm"
UNFINISHED: Final = ".part-"
"""Begins the names of folders that are not whole yet."""
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a reading.

    Attributes
    ----------
    reading : Reading
        Without its arrays.
    size : (int, int) or None
        Width and height of the radiograph in pixels; None where it is not kept.
    maps, header : bool
        Whether its class maps, and a DICOM header, are kept.
    """

    reading: Reading
    size: tuple[int, int] | None
    maps: bool
    header: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, for another process."""
        return {
            "reading": _to_json(self.reading),
            "size": self.size,
            "maps": self.maps,
            "header": self.header,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Kept":
        """Return what `to_json` was called on."""
        size = value["size"]
        return cls(
            _from_json(value["reading"]),
            None if size is None else (size[0], size[1]),
            value["maps"],
            value["header"],
        )


class KeptReadings:
    """Folders of readings, named by what was read, by which bundle, with which options.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tidy(self) -> None:
        """Delete what was not whole when an earlier server ended."""
        for left in self._folder.glob(f"??/{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)

    def place(self, sha256: str, bundle: str, options: Mapping[str, Any] | None) -> Path:
        """Return the folder of a reading, whether it is there or not."""
        named = json.dumps([sha256, bundle, options], sort_keys=True).encode()
        name = hashlib.sha256(named).hexdigest()
        return self._folder / name[:2] / name

    def place_of(self, body: Mapping[str, Any]) -> Path | None:
        """Return the folder of a reading on record; None where it cannot have one."""
        receipt = body.get("receipt") or {}
        digest = (receipt.get("bundle") or {}).get("digest")
        if not body.get("sha256") or not digest:
            return None
        return self.place(body["sha256"], digest, receipt.get("options"))

    def clean(self, days: float | None, now: float | None = None) -> int:
        """Delete what was kept for longer than `days`, and leftovers; return how many readings that were."""
        if days is None or not self._folder.is_dir():
            return 0
        limit = (time.time() if now is None else now) - days * _DAY
        outdated = [folder for folder in self._folder.glob("??/*") if _made(folder) < limit]
        for folder in outdated:
            shutil.rmtree(folder, ignore_errors=True)
        return len(outdated)


def _made(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return float("inf")


def lay_out(folder: Path, reading: Reading, header: bytes | None) -> tuple[Path, Kept]:
    """Write all that is kept of a reading beside `folder`, which `neumo.web.settling` gives it as a name.

    Returns
    -------
    Path
        What was written; nothing of it needs to be on the disk yet.
    Kept

    Raises
    ------
    OSError
        Nothing is left then.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder.with_name(f"{UNFINISHED}{os.urandom(8).hex()}")
    temporary.mkdir(mode=0o700)
    try:
        if reading.pixels is not None:
            # As PNG at its fastest they took three times as long as reading a full-size film, for half the space.
            np.save(temporary / PIXELS, reading.pixels, allow_pickle=False)
        if reading.class_maps is not None:
            np.save(temporary / MAPS, reading.class_maps, allow_pickle=False)
        if header is not None:
            (temporary / HEADER).write_bytes(header)
        (temporary / READING).write_text(json.dumps(_to_json(reading)), encoding="utf-8")
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    size = None if reading.pixels is None else (reading.pixels.shape[1], reading.pixels.shape[0])
    return temporary, Kept(reading, size, reading.class_maps is not None, header is not None)


def kept(folder: Path) -> Kept | None:
    """Return what is kept in a folder; None where nothing is."""
    reading = kept_reading(folder)
    if reading is None:
        return None
    return Kept(reading, kept_size(folder), (folder / MAPS).is_file(), (folder / HEADER).is_file())


def kept_reading(folder: Path, *, pictures: bool = False) -> Reading | None:
    """Return a reading as it was kept, with pixels and maps where they are wanted; None where it is not kept."""
    try:
        reading = _from_json(json.loads((folder / READING).read_bytes()))
    except FileNotFoundError:
        return None
    if not pictures:
        return reading
    maps = kept_maps(folder)
    finding = reading.answer.finding if reading.answer else None
    return replace(
        reading,
        pixels=kept_pixels(folder),
        class_maps=maps,
        class_map=None if maps is None or finding is None else maps[finding.index],
    )


def kept_pixels(folder: Path) -> NDArray[np.uint8] | None:
    """Return the radiograph (height, width) of uint8; None where it is not kept."""
    try:
        pixels: NDArray[np.uint8] = np.load(folder / PIXELS, allow_pickle=False)
    except FileNotFoundError:
        return None
    return pixels


def kept_size(folder: Path) -> tuple[int, int] | None:
    """Return width and height of the radiograph in pixels; None where it is not kept."""
    try:
        height, width = np.load(folder / PIXELS, mmap_mode="r", allow_pickle=False).shape
    except FileNotFoundError:
        return None
    return width, height


def kept_maps(folder: Path) -> NDArray[np.float32] | None:
    """Return the class maps, shape (3, h, w); None where there are none."""
    try:
        maps: NDArray[np.float32] = np.load(folder / MAPS, allow_pickle=False)
    except FileNotFoundError:
        return None
    return maps


def _to_json(reading: Reading) -> dict[str, Any]:
    answer = reading.answer
    return {
        "file": reading.file,
        "sha256": reading.sha256,
        "status": reading.status.value,
        "answer": None
        if answer is None
        else {
            "finding": answer.finding.value,
            "probabilities": dict(answer.probabilities),
            "prediction_set": list(answer.prediction_set),
            "coverage": answer.coverage,
            "pneumonia": answer.pneumonia,
            "operating_point": answer.operating_point,
            "threshold": answer.threshold,
            "ppv": answer.ppv,
            "npv": answer.npv,
            "prevalence": None if answer.prevalence is None else dict(answer.prevalence),
            "prevalence_given": answer.prevalence_given,
        },
        "warnings": [_notice_json(notice) for notice in reading.warnings],
        "reasons": [_notice_json(notice) for notice in reading.reasons],
        "field_of_view": reading.field_of_view,
        "receipt": reading.receipt,
    }


def _notice_json(notice: Notice) -> dict[str, Any]:
    return {"code": notice.code, "text": notice.text, "values": dict(notice.values)}


def _from_json(value: Mapping[str, Any]) -> Reading:
    return Reading(
        value["file"],
        value["sha256"],
        Status(value["status"]),
        None if value["answer"] is None else _answer(value["answer"]),
        tuple(Notice(**notice) for notice in value["warnings"]),
        tuple(Notice(**notice) for notice in value["reasons"]),
        field_of_view=value["field_of_view"],
        receipt=value["receipt"],
    )


def _answer(value: Mapping[str, Any]) -> Answer:
    shares = value["prevalence"]
    return Answer(
        **{
            **value,
            "finding": Finding(value["finding"]),
            "probabilities": {Finding(name): share for name, share in value["probabilities"].items()},
            "prediction_set": tuple(Finding(name) for name in value["prediction_set"]),
            "prevalence": None if shares is None else {Finding(f): share for f, share in shares.items()},
        }
    )
