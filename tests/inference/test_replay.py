import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import Bundle
from neumo.core.errors import ReceiptError
from neumo.core.findings import Finding
from neumo.core.reading import Reading, Status
from neumo.inference.reader import Reader
from neumo.inference.replay import Replay, replay


def stored(reading: Reading) -> dict[str, Any]:
    """The receipt as it comes back from a JSON file."""
    receipt: dict[str, Any] = json.loads(json.dumps(reading.receipt, allow_nan=False))
    return receipt


def codes(replayed: Replay) -> list[str]:
    return [notice.code for notice in replayed.differences]


def test_every_reading_of_many_is_reproduced_bit_for_bit(bundle: Bundle, films: list[Path]) -> None:
    shares = {Finding.NORMAL: 0.7, Finding.BACTERIAL_PNEUMONIA: 0.2, Finding.VIRAL_PNEUMONIA: 0.1}
    reader = Reader(bundle, coverage=0.95, prevalence=shares, operating_point="high_sensitivity", threads=2)
    for reading in reader.read_many(films):
        replayed = replay(stored(reading), Path(reading.file), bundle)
        assert replayed.identical and not replayed.circumstances
        assert replayed.reading.answer == reading.answer
        assert replayed.reading.receipt == reading.receipt


def test_a_refusal_by_the_network_is_reproduced_too(bundle: Bundle, tmp_path: Path) -> None:
    noise = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90)).astype(np.uint8)).save(noise)
    reading = Reader(bundle, threads=1).read(noise)
    assert reading.status is Status.REFUSED
    replayed = replay(stored(reading), noise, bundle)
    assert replayed.identical and replayed.reading.reasons == reading.reasons


def unreadable(folder: Path) -> Path:
    file = folder / "text.png"
    file.write_text("no image")
    return file


def damaged(folder: Path) -> Path:
    file = folder / "half.png"
    Image.fromarray(np.zeros((90, 90), dtype=np.uint8)).save(file)
    file.write_bytes(file.read_bytes()[:-30])
    return file


def blank(folder: Path) -> Path:
    file = folder / "blank.png"
    Image.fromarray(np.full((90, 90), 7, dtype=np.uint8)).save(file)
    return file


def tiny_picture(folder: Path) -> Path:
    file = folder / "icon.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 9), dtype=np.uint8)).save(file)
    return file


@pytest.mark.parametrize("made", [unreadable, damaged, blank, tiny_picture])
def test_what_never_reached_the_network_is_reproduced_too(
    bundle: Bundle, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    file = made(tmp_path)
    reading = Reader(bundle, threads=1, operating_point="high_sensitivity").read(file)
    assert reading.answer is None
    receipt = stored(reading)
    assert receipt["file"] == {"sha256": reading.sha256, "bytes": file.stat().st_size} and reading.sha256
    assert receipt["bundle"]["digest"] == bundle.digest and receipt["logits"] is None
    assert (receipt["status"], receipt["reasons"]) == (reading.status, [r.code for r in reading.reasons])
    assert bool(receipt["pixels"]) == (reading.status is Status.REFUSED)
    replayed = replay(receipt, file, bundle)
    assert replayed.identical and not replayed.circumstances
    assert replayed.reading.reasons == reading.reasons and replayed.reading.receipt == reading.receipt


def test_a_refusal_that_is_another_one_now_is_told(
    bundle: Bundle, reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    receipt = stored(reader.read(blank(tmp_path)))
    assert codes(replay(receipt, films[0], bundle)) == ["file", "status"]
    other = replay(receipt, tiny_picture(tmp_path), bundle)
    assert codes(other)[:2] == ["file", "status"] and "too_small" in other.differences[1].text


def test_another_file_and_another_bundle_are_told(
    bundle: Bundle, reader: Reader, films: list[Path], phantoms: Path, tmp_path: Path
) -> None:
    receipt = stored(reader.read(films[0]))
    other_file = replay(receipt, films[5], bundle)
    assert not other_file.identical and codes(other_file) == ["file", "input", "logits", "distance"]
    assert receipt["file"]["sha256"][:12] in other_file.differences[0].text
    other = make_bundle(tmp_path / "other", phantoms, seed=1, temperature=3.0)
    assert codes(replay(receipt, films[0], other)) == ["bundle", "thresholds", "logits", "distance"]


def test_the_same_picture_in_other_bytes_differs_by_its_file_alone(
    bundle: Bundle, reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    again = tmp_path / "again.jpeg"
    again.write_bytes(films[0].read_bytes() + b"\0")
    assert codes(replay(stored(reader.read(films[0])), again, bundle)) == ["file"]


def test_a_file_that_is_gone_is_told(
    bundle: Bundle, reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    replayed = replay(stored(reader.read(films[0])), tmp_path / "gone.jpeg", bundle)
    assert codes(replayed) == ["file", "status"]
    assert "does not exist" in replayed.differences[1].text


def test_other_versions_are_told_but_do_not_make_it_another_reading(
    bundle: Bundle, reader: Reader, films: list[Path]
) -> None:
    receipt = stored(reader.read(films[0]))
    receipt["software"]["onnxruntime"] = "1.0.0"
    replayed = replay(receipt, films[0], bundle)
    assert replayed.identical
    assert [notice.text.split()[0] for notice in replayed.circumstances] == ["onnxruntime"]


def without_logits(receipt: dict[str, Any]) -> None:
    del receipt["logits"]


def newer(receipt: dict[str, Any]) -> None:
    receipt["schema"] = 99


def without_threads(receipt: dict[str, Any]) -> None:
    receipt["execution"] = {}


def strange(receipt: dict[str, Any]) -> None:
    receipt["options"] = {"colour": "blue", "prevalence": None}


def without_status(receipt: dict[str, Any]) -> None:
    del receipt["status"]


@pytest.mark.parametrize(
    "spoil", [without_logits, without_status, newer, without_threads, strange, dict.clear]
)
def test_what_is_no_receipt_is_refused(
    bundle: Bundle, reader: Reader, films: list[Path], spoil: Callable[[dict[str, Any]], None]
) -> None:
    receipt = stored(reader.read(films[0]))
    spoil(receipt)
    with pytest.raises(ReceiptError, match="receipt"):
        replay(receipt, films[0], bundle)
