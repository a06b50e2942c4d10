"""The few attributes of a received data set that the node itself goes by."""

import io
from dataclasses import dataclass

from pydicom.filereader import read_dataset
from pydicom.uid import UID

from neumo.dicomnode.receive.identifiers import is_uid
from neumo.dicomnode.receive.status import StoreRefusal, StoreStatus
from neumo.imaging.quiet import quiet

_LAST = 0x0020000E
"""Series Instance UID; tags ascend in a data set, so nothing behind it is parsed."""
_WANTED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID")


@dataclass(frozen=True, slots=True)
class Header:
    """Identifiers of an object, all of them checked with `is_uid`."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str


def read_header(content: bytes, transfer_syntax: UID) -> Header:
    """Parse the beginning of an encoded data set.

    Raises
    ------
    StoreRefusal
        It cannot be parsed, or lacks one of the identifiers.
    """
    try:
        with quiet():
            dataset = read_dataset(
                io.BytesIO(content),
                transfer_syntax.is_implicit_VR,
                transfer_syntax.is_little_endian,
                stop_when=lambda tag, _vr, _length: tag > _LAST,
            )
            values = [str(dataset.get(keyword, "")) for keyword in _WANTED]
    except (
        Exception
    ) as error:  # a data set may hold rubbish anywhere, and pydicom raises what it stumbles over
        raise StoreRefusal(StoreStatus.CANNOT_UNDERSTAND, "the data set cannot be parsed") from error
    if not len(dataset):
        raise StoreRefusal(StoreStatus.CANNOT_UNDERSTAND, "there is no data set")
    for keyword, value in zip(_WANTED, values, strict=True):
        if not is_uid(value):
            state = "is missing" if not value else "is no UID"
            raise StoreRefusal(StoreStatus.DATA_SET_DOES_NOT_MATCH, f"{keyword} {state}")
    return Header(*values)
