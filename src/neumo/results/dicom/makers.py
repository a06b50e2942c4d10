"""Makers of DICOM results of a reading: functions of `neumo.results.dicom`, and the SOP classes that they give."""

from collections.abc import Mapping
from typing import Final

from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    EncapsulatedPDFStorage,
    KeyObjectSelectionDocumentStorage,
    SecondaryCaptureImageStorage,
)

MAKERS: Final[Mapping[str, UID]] = {
    "structured_report": Comprehensive3DSRStorage,
    "secondary_capture": SecondaryCaptureImageStorage,
    "encapsulated_pdf": EncapsulatedPDFStorage,
    "key_object": KeyObjectSelectionDocumentStorage,
}
"""Each function takes a reading and a header and returns one object."""
DEFAULT_MAKERS: Final = ("structured_report", "secondary_capture")
"""Those of a node whose settings name no others."""
