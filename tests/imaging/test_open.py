"""The one entry: paths, bytes and arrays; formats told by content."""

import hashlib
import io
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import JPEGLSLossless
from tests.support.dicom_samples import compressed, dicom_file

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.imaging import open_radiograph
from neumo.imaging.limits import MAX_FILE_BYTES

RAMP = np.add.outer(np.arange(40), np.arange(66)).astype(np.uint8) * 2


def saved(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(RAMP).save(buffer, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "DICOM"])
def test_the_name_of_a_file_says_nothing_and_bytes_do_as_well(kind: str, tmp_path: Path) -> None:
    content = dicom_file(RAMP) if kind == "DICOM" else saved(kind)
    file = tmp_path / "picture.txt"
    file.write_bytes(content)
    by_path, by_bytes = open_radiograph(file), open_radiograph(content)
    np.testing.assert_array_equal(by_path.pixels, by_bytes.pixels)
    assert by_path.steps == by_bytes.steps
    assert by_path.steps[0]["format"] == kind
    assert by_path.sha256 == by_bytes.sha256 == hashlib.sha256(content).hexdigest()
    assert (by_path.source, by_bytes.source) == (file, None)
    assert open_radiograph(str(file)).source == file


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"not an image", b"RIFF" + b"\0" * 300, b"\0" * 400, b"BMwhat" * 40]
)
def test_other_content_is_named_for_what_it_is(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "scan.png"
    file.write_bytes(content)
    reason = "is empty" if not content else "is no PNG, JPEG, TIFF, BMP, WebP or AVIF image, nor DICOM"
    with pytest.raises(UnreadableImageError, match=rf"scan\.png: .*{reason}"):
        open_radiograph(file)


def test_folders_pipes_and_missing_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, reason in (("", "is a folder"), ("pipe.png", "no regular file"), ("gone.png", "no such file")):
        with pytest.raises(UnreadableImageError, match=reason):
            open_radiograph(tmp_path / name)
    with pytest.raises(UnreadableImageError, match="loop"):
        open_radiograph(tmp_path / "loop")


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "locked.png"
    file.write_bytes(saved("PNG"))
    file.chmod(0)
    if os.access(file, os.R_OK):  # the superuser reads everything

        def denied(_path: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UnreadableImageError, match=r"locked\.png: cannot be read \(Permission denied\)"):
        open_radiograph(file)


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "sparse.dcm"
    with file.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ImageTooLargeError, match="bytes exceed the limit"):
        open_radiograph(file)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "DICOM", "array"])
def test_the_pixel_limit_holds_for_every_source(kind: str) -> None:
    source: bytes | NDArray[Any] = RAMP
    if kind != "array":
        source = dicom_file(RAMP) if kind == "DICOM" else saved(kind)
    assert open_radiograph(source, max_pixels=RAMP.size).pixels.size == RAMP.size
    with pytest.raises(ImageTooLargeError, match="66 x 40 pixels exceed the limit of 2,639"):
        open_radiograph(source, max_pixels=RAMP.size - 1)


@pytest.mark.parametrize(
    "values",
    [
        RAMP,
        RAMP.astype(np.uint16) * 257,
        (RAMP.astype(np.uint16) * 257).astype(">u2"),
        RAMP / 255,
        (RAMP / 255).astype(np.float32),
        RAMP[:, :, None],
        np.dstack([RAMP] * 3),
        np.dstack([RAMP.astype(np.uint16) * 257] * 3),
        np.asfortranarray(RAMP),
        RAMP[::-1][::-1],
    ],
    ids=[
        "uint8",
        "uint16",
        "big-endian",
        "float64",
        "float32",
        "1 channel",
        "3 channels",
        "16-bit colour",
        "Fortran",
        "view",
    ],
)
def test_arrays(values: np.ndarray) -> None:
    radiograph = open_radiograph(values)
    np.testing.assert_array_equal(radiograph.pixels, RAMP)
    assert not radiograph.colour
    assert (radiograph.source, radiograph.sha256, radiograph.original_size) == (None, None, (66, 40))
    assert not np.shares_memory(radiograph.pixels, values)


def test_an_array_of_real_colour_is_flagged() -> None:
    assert open_radiograph(np.dstack([RAMP, 255 - RAMP, RAMP])).colour


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((0, 5), np.uint8), "shape"),
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((4, 4, 4), np.uint8), "shape"),
        (np.zeros((4, 4), np.int32), "type int32"),
        (np.zeros((4, 4), bool), "type bool"),
        (np.full((4, 4), 200.0), "leave 0-1"),
        (np.full((4, 4), -0.1), "leave 0-1"),
        (np.full((4, 4), np.nan), "leave 0-1"),
        (np.array([["a"]]), "type"),
    ],
)
def test_arrays_that_are_no_image_say_why(values: np.ndarray, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=f"array: .*{reason}"):
        open_radiograph(values)


def test_readers_of_png_and_jpeg_pay_for_no_other_format(tmp_path: Path) -> None:
    files = [tmp_path / "a.png", tmp_path / "a.jpg"]
    for file, kind in zip(files, ("PNG", "JPEG"), strict=True):
        file.write_bytes(saved(kind))
    program = (
        "import sys; from pathlib import Path; from neumo.imaging import open_radiograph\n"
        "for file in sys.argv[1:]: open_radiograph(Path(file))\n"
        "others = {f'PIL.{kind}ImagePlugin' for kind in ('Tiff', 'WebP', 'Avif', 'Bmp')}\n"
        "print(*(others | {'pydicom', 'gdcm'}) & sys.modules.keys())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *map(str, files)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_threads_may_open_at_once_and_leave_the_warnings_filters_alone() -> None:
    content = compressed(RAMP.astype(np.uint16), JPEGLSLossless, PatientAge="004Y").replace(b"004Y", b"x^x^")
    expected = open_radiograph(content).pixels
    before = list(warnings.filters)
    wrong: list[str] = []

    def work() -> None:
        for _ in range(20):
            try:
                np.testing.assert_array_equal(open_radiograph(content).pixels, expected)
            except BaseException as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert warnings.filters == before


def test_a_program_of_which_a_copy_was_forked_keeps_its_decoders(tmp_path: Path) -> None:
    """Training workers are forked: parent and child must not talk to one decoder."""
    import gdcm
    from tests.support.dicom_samples import by_gdcm

    content = by_gdcm(
        dicom_file(RAMP.astype(np.uint16)), gdcm.TransferSyntax.JPEGLosslessProcess14_1, tmp_path
    )
    file = tmp_path / "a.dcm"
    file.write_bytes(content)
    program = (
        "import os, sys; from pathlib import Path; from neumo.imaging import open_radiograph\n"
        "file = Path(sys.argv[1]); first = open_radiograph(file).pixels\n"
        "child = os.fork()\n"
        "for _ in range(20): assert (open_radiograph(file).pixels == first).all()\n"
        "if child: assert os.waitpid(child, 0)[1] == 0"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
