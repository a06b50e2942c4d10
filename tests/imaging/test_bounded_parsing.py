"""One place parses DICOM, and within bounds: bytes, elements, items, depth, growth."""

import ast
import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)
from tests.support.dicom_samples import compressed, dataset_of, dicom_file, written

import neumo
from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.imaging.dicom.parse import parse, parse_beginning, parse_file
from neumo.imaging.open import ImageFile

STORED: NDArray[np.uint16] = np.add.outer(np.arange(40), np.arange(66)).astype(np.uint16)
_PARSERS = {"dcmread", "read_partial", "read_dataset", "read_file_meta_info", "read_file", "read_sequence"}
ITEM, END_OF_ITEM = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0"
END_OF_SEQUENCE = b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_nothing_but_the_bounded_parser_calls_pydicoms() -> None:
    root = Path(neumo.__file__).parent
    callers = {
        str(file.relative_to(root))
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and any(alias.name in _PARSERS for alias in node.names))
        or (isinstance(node, ast.Attribute) and node.attr in _PARSERS)
    }
    assert callers == {"imaging/dicom/parse.py"}


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_the_whole_data_set_is_what_pydicom_reads(syntax: UID) -> None:
    content = dicom_file(STORED, syntax, PatientID="4711", WindowCenter=3, WindowWidth=5)
    expected = dcmread(io.BytesIO(content))
    found = parse(content, "file", whole=True).dataset
    assert found == expected and found.file_meta == expected.file_meta
    header = parse(content, "file").dataset
    assert header.file_meta == expected.file_meta
    del expected.PixelData
    assert header == expected


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG1_J2KR.dcm", "JPGExtended.dcm", "test-SR.dcm"])
def test_files_of_others_are_what_pydicom_reads(name: str) -> None:
    file = Path(str(get_testdata_file(name, download=False)))
    assert parse_file(file, whole=True) == dcmread(file)


def test_a_bare_data_set_gets_the_syntax_of_its_encoding() -> None:
    buffer = io.BytesIO()
    dataset_of(STORED).save_as(buffer, implicit_vr=True, little_endian=True)
    assert parse(buffer.getvalue(), "file").dataset.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian


def test_a_file_is_parsed_once_for_its_header_and_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    file = ImageFile(dicom_file(STORED, PatientID="4711"), whole=True)
    parsed = file.parsed
    assert parsed is not None and parsed.dataset.PatientID == "4711"
    monkeypatch.delattr("neumo.imaging.dicom.parse.read_partial")
    assert file.radiograph().pixels.shape == STORED.shape
    assert file.parsed is parsed


def before_pixels(content: bytes, added: bytes) -> bytes:
    """Put elements of group 0028 and lower before the image's own."""
    at = content.index(struct.pack("<HH", 0x28, 0x02))
    return content[:at] + added + content[at:]


def sequence(value: bytes, *, defined: bool) -> bytes:
    """Encode (0008,1140) Referenced Image Sequence."""
    length = len(value) if defined else 0xFFFFFFFF
    return struct.pack("<HH2sHI", 0x08, 0x1140, b"SQ", 0, length) + value


@pytest.mark.parametrize("defined", [True, False])
def test_sequences_nested_too_deeply_are_refused(defined: bool) -> None:
    def nested(levels: int) -> bytes:
        value = b""
        for _ in range(levels):
            value = sequence(
                ITEM + value + END_OF_ITEM + (b"" if defined else END_OF_SEQUENCE), defined=defined
            )
        return before_pixels(dicom_file(STORED), value)

    parse(nested(16), "file", whole=True)
    for levels in (20, 2000):
        with pytest.raises(
            UnreadableImageError, match=r"deeper than 16 levels|cannot be parsed|sequence items"
        ):
            parse(nested(levels), "file", whole=True)


@pytest.mark.parametrize("whole", [True, False])
def test_a_header_of_very_many_elements_is_refused(whole: bool) -> None:
    elements = b"".join(struct.pack("<HH2sH", 0x09, 0x1000 + n, b"LO", 0) for n in range(0xE000))
    content = before_pixels(dicom_file(STORED), elements)
    tracemalloc.start()
    with pytest.raises(UnreadableImageError, match="more than 50,000 elements"):
        parse(content, "file", whole=whole)
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()


def test_very_many_elements_in_a_sequence_are_refused() -> None:
    elements = b"".join(struct.pack("<HH2sH", 0x09, 0x1000 + n, b"LO", 0) for n in range(0xE000))
    value = sequence(ITEM + elements + END_OF_ITEM + END_OF_SEQUENCE, defined=False)
    with pytest.raises(UnreadableImageError, match="more than 50,000 elements"):
        parse(before_pixels(dicom_file(STORED), value), "file")


@pytest.mark.parametrize("far", [False, True])
def test_very_many_items_are_refused_wherever_they_stand(far: bool) -> None:
    """The count before parsing sees the first megabytes only; what lies behind large bytes is counted later."""
    items = sequence((ITEM[:4] + b"\0\0\0\0") * 30_000, defined=True)
    if far:
        large = bytes(10 * 2**20)
        items = struct.pack("<HH2sHI", 0x08, 0x0041, b"OB", 0, len(large)) + large + items
    with pytest.raises(UnreadableImageError, match="more than 20,000 sequence items"):
        parse(before_pixels(dicom_file(STORED), items), "file", whole=True)


def test_what_is_large_beside_the_pixels_is_dropped_or_refused() -> None:
    dataset = dataset_of(STORED)
    dataset.add_new("00104001", "UT", "x" * 9_000_000)
    dataset.add_new("PixelData", "OW", STORED.tobytes())
    content = written(dataset)
    with pytest.raises(UnreadableImageError, match="beside its pixels"):
        parse(content, "file", whole=True)
    short = dataset_of(STORED, PatientComments="x" * 10_000, WindowCenter=1)
    short.add_new("00104001", "UT", "x" * 100_000)
    header = parse(written(short), "file").dataset
    assert "PatientComments" in header and "WindowCenter" in header and 0x00104001 not in header


def test_large_bulk_is_no_reason_to_refuse() -> None:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.104.1", "1.2.3"
    dataset.EncapsulatedDocument = bytes(10 * 2**20)
    assert parse(written(dataset), "file", whole=True).dataset.EncapsulatedDocument == bytes(10 * 2**20)


@pytest.mark.parametrize("whole", [True, False])
def test_a_deflated_file_may_grow_so_far_and_no_further(whole: bool) -> None:
    content = dicom_file(np.zeros((3000, 3000), dtype=np.uint16), DeflatedExplicitVRLittleEndian)
    assert len(content) < 100_000
    with pytest.raises(ImageTooLargeError, match="inflates to more than"):
        parse(content, "file", max_pixels=1_000_000, whole=whole)
    assert parse(content, "file", whole=whole).pixels is not None


def test_encapsulated_pixels_stay_as_they_are() -> None:
    content = compressed(STORED, JPEG2000Lossless, bits=12)
    assert parse(content, "file", whole=True).dataset.PixelData == dcmread(io.BytesIO(content)).PixelData


def test_the_beginning_of_a_received_data_set_is_bounded_too() -> None:
    elements = b"".join(struct.pack("<HH2sH", 0x09, 0x1000 + n, b"LO", 0) for n in range(0xE000))
    with pytest.raises(UnreadableImageError, match="more than 50,000 elements"):
        parse_beginning(elements, ExplicitVRLittleEndian, 0x0020000E)
