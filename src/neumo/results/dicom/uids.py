"""UIDs derived from content, so that making a result again gives the same instance.

All lie under 2.25 and are UUIDs of version 5 (PS3.5 section B.2, RFC 9562 section 5.5) in a namespace of neumo's own.
"""

import hashlib
import uuid
from typing import Any, Final

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from neumo.results.dicom.files import pixel_header

_NAMESPACE = uuid.UUID("6f1b7d1e-8b0a-5a53-9d9c-4f0a3d2c6b57")


def stable_uuid(*parts: str) -> uuid.UUID:
    """Return the UUID that these parts always have; their boundaries count."""
    return uuid.uuid5(_NAMESPACE, "\0".join(parts))


def stable_uid(*parts: str) -> UID:
    """Return the UID that these parts always have, of at most 44 characters."""
    return UID(f"2.25.{stable_uuid(*parts).int}")


def series_uid(study: str, digest: str, modality: str) -> UID:
    """Return the series of a study's results by one bundle.

    A series has one modality (PS3.3 section C.7.3.1.1.1), so reports and pictures have one series each.

    Parameters
    ----------
    study : str
        Study Instance UID.
    digest : str
        Of the bundle.
    modality : str
        "SR" or "OT".
    """
    return stable_uid("series", study, digest, modality)


def content_uid(dataset: Dataset) -> UID:
    """Return the SOP Instance UID of what a data set states, itself apart: the same for the same bytes only.

    Parameters
    ----------
    dataset : Dataset
        It is encoded in Explicit VR Little Endian; its own SOP Instance UID is left out.
    """
    stated = Dataset()
    stated.update({tag: dataset.get_item(tag) for tag in dataset.keys()})  # noqa: SIM118 - raw elements stay raw
    stated.pop("SOPInstanceUID", None)
    stated.set_original_encoding(False, True, dataset._character_set)
    pixels: Any = stated.pop("PixelData", None)
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = False, True
    write_dataset(stream, stated)
    digest = hashlib.sha256(stream.getvalue())
    if pixels is not None:  # last of all elements, and not copied: megabytes
        padding = b"\0" * (len(pixels.value) % 2)
        digest.update(pixel_header(pixels.VR, len(pixels.value) + len(padding)))
        digest.update(pixels.value)
        digest.update(padding)
    return stable_uid("instance", digest.hexdigest())


def tracking_uid(instance: str, digest: str) -> UID:
    """Return the Tracking Unique Identifier of what a bundle finds in a radiograph."""
    return stable_uid("tracking", instance, digest)


CODING_SCHEME: Final = stable_uid("coding scheme", "99NEUMO")
"""Coding Scheme UID of neumo's own codes (see `neumo.results.dicom.codes`)."""

IMPLEMENTATION: Final = stable_uid("implementation class")
"""Implementation Class UID of files that neumo writes."""
