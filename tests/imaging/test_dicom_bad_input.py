"""DICOM files that are cut, corrupt, or made to do harm."""

import io
import os
import signal
import struct
import tracemalloc
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)
from tests.support.dicom_samples import (
    PATIENT,
    by_gdcm,
    compressed,
    dataset_of,
    dicom_file,
    encapsulated,
    jpeg_baseline,
    written,
)

from neumo.core.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from neumo.imaging import open_radiograph
from neumo.imaging.dicom import decoder_process

STORED = np.add.outer(np.arange(40), np.arange(66)).astype(np.uint16)


@pytest.fixture(scope="module")
def lossless(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("gdcm")
    return by_gdcm(dicom_file(STORED, bits=12), gdcm.TransferSyntax.JPEGLosslessProcess14_1, folder)


@pytest.mark.parametrize("keep", [132, 140, 200, 350, 0.5, 0.99])
def test_a_truncated_file_says_so(keep: float, tmp_path: Path) -> None:
    content = dicom_file(STORED)
    file = tmp_path / "cut.dcm"
    file.write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    with pytest.raises(UnreadableImageError, match=r"cut\.dcm: .*truncated"):
        open_radiograph(file)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
def test_a_truncated_compressed_file_is_unreadable(syntax: UID, keep: float) -> None:
    content = compressed(STORED, syntax, bits=12)
    with pytest.raises(UnreadableImageError, match="truncated"):
        open_radiograph(content[: int(keep * len(content))])


def test_a_stream_cut_before_its_fragment_ends_is_unreadable(lossless: bytes) -> None:
    """The fragment is whole and the stream in it is not: only its missing end tells."""
    buffer = io.BytesIO()
    grey = STORED.astype(np.uint8)
    Image.fromarray(grey).save(buffer, "JPEG")
    cut = buffer.getvalue()[: len(buffer.getvalue()) // 2]
    with pytest.raises(UnreadableImageError, match="no end marker"):
        open_radiograph(encapsulated(cut, grey, JPEGBaseline8Bit))


@pytest.mark.parametrize("behind", [1, 63, 64, 65, 5000])
@pytest.mark.parametrize("filler", [b"\0", b"text", b"\xff\xd8\xff"])
def test_what_stands_behind_the_end_of_a_stream_changes_nothing(behind: int, filler: bytes) -> None:
    buffer = io.BytesIO()
    grey = STORED.astype(np.uint8)
    Image.fromarray(grey).save(buffer, "JPEG")
    whole = buffer.getvalue()
    expected = open_radiograph(encapsulated(whole, grey, JPEGBaseline8Bit)).pixels
    longer = open_radiograph(encapsulated(whole + (filler * behind)[:behind], grey, JPEGBaseline8Bit))
    np.testing.assert_array_equal(longer.pixels, expected)


def test_files_without_pixels_are_of_another_kind() -> None:
    dataset = dataset_of(STORED)
    with pytest.raises(UnsupportedImageError, match="holds no pixel data"):
        open_radiograph(written(dataset))
    with pytest.raises(UnsupportedImageError, match="holds no pixel data"):
        open_radiograph(Path(str(get_testdata_file("test-SR.dcm", download=False))))


def test_floating_point_pixels_are_refused() -> None:
    dataset = dataset_of(STORED, BitsAllocated=32)
    dataset.FloatPixelData = STORED.astype(np.float32).tobytes()
    with pytest.raises(UnsupportedImageError, match="floating-point"):
        open_radiograph(written(dataset))


def test_a_header_that_claims_two_gigabytes_costs_nothing() -> None:
    content = dicom_file(STORED)
    at = content.rindex(b"\xe0\x7f\x10\x00OW")
    claim = content[: at + 8] + struct.pack("<I", 2**31 - 2) + content[at + 12 :]
    rows, columns = (
        content.index(struct.pack("<HH2sH", 0x28, element, b"US", 2)) + 8 for element in (0x10, 0x11)
    )
    for offset in (rows, columns):
        claim = claim[:offset] + struct.pack("<H", 32768) + claim[offset + 2 :]
    tracemalloc.start()
    with pytest.raises(ImageTooLargeError, match="32768 x 32768"):
        open_radiograph(claim)
    with pytest.raises(
        UnreadableImageError, match="need 2,147,483,648 bytes, but 5,280 are there; the file is truncated"
    ):
        open_radiograph(claim, max_pixels=2**31)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless, JPEGBaseline8Bit])
def test_a_stream_that_claims_more_than_the_data_set_is_not_decoded(syntax: UID) -> None:
    """A bomb: 8 x 8 in the data set, and the decoder would obey the stream's 40 x 66."""
    content = (
        jpeg_baseline(STORED.astype(np.uint8)) if syntax == JPEGBaseline8Bit else compressed(STORED, syntax)
    )
    for element, value in ((0x10, 40), (0x11, 66)):
        field = struct.pack("<HH2sHH", 0x28, element, b"US", 2, value)
        assert field in content
        content = content.replace(field, field[:-2] + struct.pack("<H", 8))
    with pytest.raises(UnreadableImageError, match="66 x 40 x 1, but the data set says 8 x 8 x 1"):
        open_radiograph(content)


def test_a_jpeg_2000_stream_of_subsampled_colour_is_not_decoded() -> None:
    """Found by mutation: the decoder writes to the standard error stream and leaves the colours as they are."""
    content = compressed(np.dstack([STORED.astype(np.uint8)] * 3), JPEG2000Lossless)
    sizes = content.index(b"\xff\x4f\xff\x51") + 4 + 38
    assert content[sizes : sizes + 9] == b"\x07\x01\x01" * 3
    with pytest.raises(UnreadableImageError, match="no readable header"):
        open_radiograph(content[: sizes + 4] + b"\x03" + content[sizes + 5 :])


def test_an_rle_bomb_stays_within_its_pixels() -> None:
    """Ten megabytes of the longest runs would unpack to 640; the header declares 40 x 66."""
    segment = b"\x81\x07" * 5_000_000
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + segment
    content = encapsulated(frame, STORED.astype(np.uint8), RLELossless)
    tracemalloc.start()
    pixels = open_radiograph(content).pixels
    assert pixels.shape == (40, 66)
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()


def test_a_deflated_bomb_is_not_inflated() -> None:
    content = dicom_file(STORED, DeflatedExplicitVRLittleEndian)
    start = content.index(b"1.2.840.10008.1.2.1.99")
    end = content.index(b"\x02\x00\x12\x00", start)
    while content[end : end + 2] == b"\x02\x00":
        end += 8 + int.from_bytes(content[end + 6 : end + 8], "little")
    deflater = zlib.compressobj(wbits=-15)
    bomb = content[:end] + deflater.compress(b"\0" * 2**26) + deflater.flush()
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(ImageTooLargeError, match="inflates to more than"):
        open_radiograph(bomb, max_pixels=1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    tracemalloc.stop()


def test_a_sequence_of_a_million_items_is_refused() -> None:
    content = dicom_file(STORED)
    at = content.index(struct.pack("<HH", 0x28, 0x02))
    item = b"\xfe\xff\x00\xe0\0\0\0\0"
    sequence = struct.pack("<HH2sHI", 0x08, 0x1140, b"SQ", 0, 0xFFFFFFFF) + item * 1_000_000
    with pytest.raises(UnreadableImageError, match="sequence items"):
        open_radiograph(content[:at] + sequence + content[at:])


def test_sequences_nested_ten_thousand_deep_are_refused() -> None:
    content = dicom_file(STORED)
    at = content.index(struct.pack("<HH", 0x28, 0x02))
    level = struct.pack("<HH2sHI", 0x08, 0x1140, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(UnreadableImageError, match="cannot be parsed"):
        open_radiograph(content[:at] + level * 10_000 + content[at:])


def test_huge_and_private_elements_are_passed_over() -> None:
    private = dataset_of(STORED, WindowCenter=30, WindowWidth=60, ViewPosition="PA")
    block = private.private_block(0x0009, "RUBBISH", create=True)
    block.add_new(0x01, "UN", b"\x07" * 3_000_000)
    block.add_new(0x02, "SQ", [Dataset()])
    private.add_new(0x00104000, "UT", "x" * 100_000)
    private.add_new("PixelData", "OW", STORED.tobytes())
    plain = open_radiograph(dicom_file(STORED, WindowCenter=30, WindowWidth=60))
    radiograph = open_radiograph(written(private))
    np.testing.assert_array_equal(radiograph.pixels, plain.pixels)
    assert radiograph.facts.view_position == "PA"


def test_messages_never_quote_the_patient() -> None:
    content = dicom_file(STORED, WindowCenter="12345678", WindowWidth="5", Modality="CR")
    spoilt = content.replace(b"12345678", b"Doe^Jane").replace(b"MONOCHROME2 ", b"MONO^Jane^  ")
    assert PATIENT.encode() in spoilt
    with pytest.raises(UnreadableImageError) as caught:
        open_radiograph(spoilt)
    assert "Doe" not in str(caught.value)


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"BitsAllocated": 32}, "Bits Allocated is 32"),
        ({"BitsStored": 17}, "Bits Stored 17"),
        ({"BitsStored": 0}, "Bits Stored 0"),
        ({"HighBit": 3}, "High Bit 3"),
        ({"Rows": 0}, "66 x 0|0 x 66"),
        ({"SamplesPerPixel": 3}, "with 3 samples"),
        ({"PhotometricInterpretation": ""}, "PhotometricInterpretation is missing"),
        ({"PhotometricInterpretation": "CMYK"}, "CMYK is not read"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "palette is missing"),
        ({"NumberOfFrames": 7}, "holds 7 frames"),
        ({"Columns": 67}, "67 x 40 pixels need 5,360 bytes, but 5,280 are there"),
    ],
)
def test_invalid_headers_name_what_is_wrong(elements: dict[str, Any], message: str) -> None:
    with pytest.raises(UnreadableImageError, match=message):
        open_radiograph(dicom_file(STORED, **elements))


def test_an_unknown_transfer_syntax_is_named() -> None:
    content = encapsulated(b"\0" * 100, STORED, UID("1.2.840.10008.1.2.4.100"))
    with pytest.raises(UnsupportedImageError, match=r"1\.2\.840\.10008\.1\.2\.4\.100"):
        open_radiograph(content)


def test_native_pixels_under_a_compressed_syntax_are_a_contradiction() -> None:
    content = dicom_file(STORED).replace(ExplicitVRLittleEndian.encode() + b"\0", b"1.2.840.10008.1.2.5\0")
    with pytest.raises(UnreadableImageError, match="does not match its pixel data"):
        open_radiograph(content)


def test_a_stream_that_ends_gdcm_costs_one_file_and_not_the_program(lossless: bytes) -> None:
    """Found by mutation: without the marker of its Huffman table a stream makes GDCM end its process."""
    marker = lossless.index(b"\xff\xc4")
    broken = lossless[: marker + 1] + b"\0" + lossless[marker + 2 :]
    expected = open_radiograph(lossless).pixels
    with pytest.raises(UnreadableImageError, match="break their decoder"):
        open_radiograph(broken)
    np.testing.assert_array_equal(open_radiograph(lossless).pixels, expected)


def test_a_decoder_that_was_killed_meanwhile_is_replaced(
    lossless: bytes, installed_children: None, no_idle_decoders: None
) -> None:
    expected = open_radiograph(lossless).pixels
    idle = decoder_process._idle["gdcm"]
    assert idle
    for child in idle:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    np.testing.assert_array_equal(open_radiograph(lossless).pixels, expected)


@pytest.fixture
def no_idle_decoders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(decoder_process, "_idle", defaultdict(list))
    yield
    for children in decoder_process._idle.values():
        for child in children:
            child.end()


LARGE = np.add.outer(np.arange(2000), np.arange(2400)).astype(np.uint16)


@pytest.mark.parametrize("decoder", ["gdcm", "openjpeg"])
def test_decoding_beyond_its_memory_is_told_as_such(
    decoder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_idle_decoders: None
) -> None:
    content = _large(decoder, tmp_path)
    monkeypatch.setattr(decoder_process, "_MEMORY_BYTES", 2**20)
    with pytest.raises(ImageTooLargeError, match=r"needs more memory than allowed \(1 MiB\)"):
        open_radiograph(content)
    monkeypatch.undo()
    assert open_radiograph(content).pixels.shape == LARGE.shape


@pytest.mark.parametrize("decoder", ["gdcm", "openjpeg"])
def test_decoding_beyond_its_time_is_told_as_such(
    decoder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_idle_decoders: None
) -> None:
    content = _large(decoder, tmp_path)
    monkeypatch.setattr(decoder_process, "_SECONDS", 0.001)
    with pytest.raises(UnreadableImageError, match=r"took longer than 0\.001 s"):
        open_radiograph(content)


def test_a_decoder_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch,
    lossless: bytes,
    tmp_path: Path,
    installed_children: None,
    no_idle_decoders: None,
) -> None:
    (tmp_path / "gdcm.py").write_text("raise ImportError('no such library')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(UnsupportedImageError, match=r"no such library.*pip install python-gdcm"):
        open_radiograph(lossless)


def _large(decoder: str, folder: Path) -> bytes:
    if decoder == "openjpeg":
        return compressed(LARGE, JPEG2000Lossless)
    return by_gdcm(dicom_file(LARGE), gdcm.TransferSyntax.JPEGLosslessProcess14_1, folder)
