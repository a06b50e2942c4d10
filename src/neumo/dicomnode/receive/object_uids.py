"""Reads the UIDs of a received data set, and no other attribute of it."""

from dataclasses import dataclass

from pydicom.uid import UID

from neumo.core.faults import raise_own_fault
from neumo.dicomnode.receive.store_status import StoreRefusal, StoreStatus
from neumo.imaging.dicom.parse import parse_beginning
from neumo.imaging.dicom.uids import is_uid
from neumo.imaging.quiet import quiet

_LAST_TAG = 0x0020000E
"""Series Instance UID; tags ascend in a data set, so nothing behind it is parsed."""
_REQUIRED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
"""Without one of them no result could be filed, so that an object would be acknowledged and never reported."""


@dataclass(frozen=True, slots=True)
class ObjectUids:
    """UIDs of an object, each checked with `is_uid`."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str


def read_uids(content: bytes, transfer_syntax: UID) -> ObjectUids:
    """Parse the beginning of an encoded data set.

    Raises
    ------
    StoreRefusal
        It cannot be parsed, or a UID is missing or invalid.
    OSError, MemoryError
        A fault of this machine, of which the data set is innocent.
    """
    try:
        with quiet():
            dataset = parse_beginning(content, transfer_syntax, _LAST_TAG)
            values = [str(dataset.get(keyword, "")) for keyword in _REQUIRED]
    except Exception as error:  # pydicom raises errors of many kinds where bytes are no data set
        raise_own_fault(error)
        raise StoreRefusal(StoreStatus.CANNOT_UNDERSTAND, "the data set cannot be parsed") from error
    if not len(dataset):
        raise StoreRefusal(StoreStatus.CANNOT_UNDERSTAND, "there is no data set")
    for keyword, value in zip(_REQUIRED, values, strict=True):
        if not is_uid(value):
            state = "is missing" if not value else "is no UID"
            raise StoreRefusal(StoreStatus.DATA_SET_DOES_NOT_MATCH, f"{keyword} {state}")
    return ObjectUids(*values)
