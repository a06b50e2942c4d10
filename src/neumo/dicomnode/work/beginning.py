"""The beginning of a stored object's header, parsed as the receiver parsed it, for objects that cannot be read."""

from pathlib import Path
from typing import Final

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from neumo.imaging.dicom.parse import parse_beginning

_META: Final = 132
"""Bytes of preamble and prefix, which the meta information follows."""
_LAST_OF_META: Final = 0x0002FFFF
_LAST: Final = 0x00200010
"""Study ID: the last of the attributes that say whose radiograph it is, and of which study."""
_MAX_BYTES: Final = 2**20


def beginning_of_object(file: Path) -> Dataset:
    """Parse a file that the node wrote, up to the attributes of patient and study, and the UIDs.

    It has the file's meta information, so that it can be written again.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with file.open("rb") as stream:
        content = stream.read(_MAX_BYTES)[_META:]
    meta = parse_beginning(content, ExplicitVRLittleEndian, _LAST_OF_META)
    # The group's length, whose own element takes 12 bytes, says where the data set begins (PS3.10 section 7.1).
    start = 12 + int(meta.FileMetaInformationGroupLength)
    header = parse_beginning(content[start:], meta.TransferSyntaxUID, _LAST)
    header.file_meta = FileMetaDataset(meta)
    return header
