"""Readings as DICOM objects: Structured Report, Secondary Capture, PDF, Key Object Selection, Segmentation.

Needs the extra `dicom`; nothing else in neumo imports this room at start.
"""

from neumo.core.errors import MissingExtraError

try:
    import highdicom  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        "DICOM results need the package {name}, which is not installed; run: pip install 'neumo[dicom]'",
        name=error.name,
    ) from error

from neumo.results.dicom.encapsulated_pdf import encapsulated_pdf
from neumo.results.dicom.key_object import key_object
from neumo.results.dicom.read_back import read_back
from neumo.results.dicom.secondary_capture import secondary_capture
from neumo.results.dicom.segmentation import segmentation
from neumo.results.dicom.source import read_header
from neumo.results.dicom.structured_report import structured_report

__all__ = [
    "encapsulated_pdf",
    "key_object",
    "read_back",
    "read_header",
    "secondary_capture",
    "segmentation",
    "structured_report",
]
