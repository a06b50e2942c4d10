"""Writing DICOM results as files, and as files named by their SOP Instance UID."""

import struct
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydicom import Dataset, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian

from neumo.core.files import replacing
from neumo.imaging.quiet import quiet

_PIXELS: Final = 0x7FE00010


def write_dicom(stream: BinaryIO, result: Dataset) -> None:
    """Write a result as a DICOM file (PS3.10), as pydicom does.

    Native pixels, where nothing follows them, are written as they are: pydicom copies their megabytes three times.
    """
    native = result.file_meta.get("TransferSyntaxUID") == ExplicitVRLittleEndian
    last = native and "PixelData" in result and max(result.keys()) == _PIXELS
    pixels: Any = result.pop("PixelData") if last else None
    try:
        dcmwrite(stream, result, enforce_file_format=True)
    finally:
        if pixels is not None:
            result[pixels.tag] = pixels
    if pixels is not None:
        padding = b"\0" * (len(pixels.value) % 2)
        stream.write(pixel_header(pixels.VR, len(pixels.value) + len(padding)))
        stream.write(pixels.value)
        stream.write(padding)


def pixel_header(vr: str, length: int) -> bytes:
    """Return the element header of native pixels of "OB" or "OW" in Explicit VR Little Endian (PS3.5 section 7.1.2)."""
    return struct.pack("<HH2s2xL", _PIXELS >> 16, _PIXELS & 0xFFFF, vr.encode(), length)


def write_result(result: Dataset, folder: Path) -> Path:
    """Write a result as a DICOM file `UID.dcm` into a folder, whole or not at all.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    target = folder / f"{result.SOPInstanceUID}.dcm"
    with replacing(target) as temporary, temporary.open("wb") as stream, quiet():
        write_dicom(stream, result)
    return target
