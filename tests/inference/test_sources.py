"""Sources of a reader: pictures, streams and data sets as files of the same; all else fails as a reading."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from tests.support.node_samples import radiograph, written

from neumo.bundle.folder import Bundle
from neumo.core.errors import UnsupportedImageError
from neumo.core.reading import Reading, Status
from neumo.imaging import open_radiograph
from neumo.imaging.picture import array_of_picture
from neumo.inference.reader import Reader
from neumo.inference.sources import form_of, name_of
from neumo.inference.stages import Stages


@pytest.fixture(scope="module")
def film(phantoms: Path) -> Path:
    return sorted((phantoms / "test").rglob("*.jpeg"))[0]


def said(reading: Reading) -> tuple[Any, ...]:
    probabilities = None if reading.answer is None else reading.answer.probabilities
    return reading.status, probabilities, [notice.code for notice in reading.reasons]


def test_everything_that_is_that_file_is_read_like_it(bundle: Bundle, film: Path, tmp_path: Path) -> None:
    reader, content = Reader(bundle, threads=1), film.read_bytes()
    used = io.BytesIO()
    used.write(content)
    with film.open("rb") as stream, Image.open(film) as picture:
        sources: list[Any] = [
            str(film),
            content,
            bytearray(content),
            memoryview(content),
            used,
            stream,
            picture,
        ]
        readings = list(reader.read_many([film, *sources]))
    assert len({repr(said(reading)) for reading in readings}) == 1
    assert [reading.file for reading in readings[3:]] == ["bytes"] * 4 + ["pixels"]
    assert {reading.sha256 for reading in readings[:-1]} == {readings[0].sha256} and readings[
        -1
    ].sha256 is None


def test_a_data_set_is_read_like_its_file(bundle: Bundle, film: Path, tmp_path: Path) -> None:
    reader, file = (
        Reader(bundle, threads=1, keep_header=True),
        written(radiograph(film), tmp_path / "film.dcm"),
    )
    without_meta = radiograph(film)
    del without_meta.file_meta
    for dataset in (dcmread(file), radiograph(film), without_meta):
        reading = reader.read(dataset)
        assert said(reading) == said(reader.read(file)) and reading.file == "dataset"
        assert reading.header is not None and reading.header.PatientID == "4711"


class Tensor:
    """An object with the array interface of a torch tensor."""

    shape = (64, 64)


@pytest.mark.parametrize("source", [Tensor(), None, 7, {"pixels": []}, [[1, 2]], io.StringIO("text"), object])
def test_what_is_not_taken_fails_as_a_reading(source: Any, bundle: Bundle, film: Path) -> None:
    readings = list(Reader(bundle, threads=1).read_many([film, source, film]))
    assert said(readings[0]) == said(readings[2]) and readings[0].status is not Status.FAILED
    assert readings[1].status is Status.FAILED and readings[1].reasons[0].code == "unsupported_image"


class Broken(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise OSError(5, "Input/output error")


def test_sources_that_break_fail_alone(bundle: Bundle, film: Path) -> None:
    half = Image.open(io.BytesIO(film.read_bytes()[:600]))
    impossible = radiograph(film)
    impossible.Rows = None
    sources: list[Any] = [Broken(), half, impossible, "\0", film]
    readings = list(Reader(bundle, threads=1).read_many(sources))
    assert [reading.status is Status.FAILED for reading in readings] == [True, True, True, True, False]
    codes = [reading.reasons[0].code for reading in readings[:2]]
    assert (
        codes == ["unreadable_file", "not_an_image"] and "Input/output error" in readings[0].reasons[0].text
    )


def test_an_unexpected_error_fails_one_reading(
    bundle: Bundle, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, calls = Reader(bundle, threads=1), iter([ZeroDivisionError("secret"), MemoryError(), None])

    def prepare(*_arguments: Any) -> Any:
        error = next(calls)
        if error is not None:
            raise error
        return real(*_arguments)

    real = Stages._prepared
    monkeypatch.setattr(Stages, "_prepared", prepare)
    first, second, third = reader.read_many(iter([film] * 3))
    assert (first.reasons[0].code, second.reasons[0].code) == ("unexpected_error", "out_of_memory")
    assert "ZeroDivisionError at " in first.reasons[0].text and "secret" not in first.reasons[0].text
    assert third.status is not Status.FAILED


def pictures() -> Iterator[tuple[str, Image.Image]]:
    ramp = np.linspace(0, 255, 48 * 64).reshape(48, 64).astype(np.uint8)
    grey = Image.fromarray(ramp)
    for mode in ("1", "L", "P", "RGB", "LA", "RGBA"):
        yield mode, grey.convert(mode)
    yield "I;16", Image.fromarray(ramp.astype(np.uint16) * 257)
    turned = Image.fromarray(ramp)
    turned.getexif()[0x0112] = 6
    yield "turned", turned


@pytest.mark.parametrize(("kind", "picture"), list(pictures()))
def test_a_picture_has_the_pixels_of_its_png(kind: str, picture: Image.Image) -> None:
    stream = io.BytesIO()
    picture.save(stream, "PNG", exif=picture.getexif())
    of_file, of_picture = open_radiograph(stream.getvalue()), open_radiograph(array_of_picture(picture))
    np.testing.assert_array_equal(of_picture.pixels, of_file.pixels)


def test_a_thread_that_is_importing_pydicom_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", ModuleType("pydicom"))  # as far as it is at its first line
    assert name_of(b"radiograph") == "bytes"
    with pytest.raises(UnsupportedImageError, match="which is not taken"):
        form_of(object())
