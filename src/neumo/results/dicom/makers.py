"""Makers of DICOM results of a reading: the function of `neumo.results.dicom` and the SOP class of each kind."""

import importlib
from collections.abc import Mapping
from typing import Final

from pydicom import Dataset
from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    EncapsulatedPDFStorage,
    KeyObjectSelectionDocumentStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from neumo.core.reading import Reading
from neumo.explain.heatmap import speaks
from neumo.results.kinds import Kind
from neumo.texts.language import Language

MAKERS: Final[Mapping[Kind, str]] = {
    "sr": "structured_report",
    "sc": "secondary_capture",
    "pdf": "encapsulated_pdf",
    "ko": "key_object",
    "seg": "segmentation",
}
"""Each function takes a reading and a header and returns one object."""
SOP_CLASSES: Final[Mapping[Kind, UID]] = {
    "sr": Comprehensive3DSRStorage,
    "sc": SecondaryCaptureImageStorage,
    "pdf": EncapsulatedPDFStorage,
    "ko": KeyObjectSelectionDocumentStorage,
    "seg": SegmentationStorage,
}


def object_of(kind: Kind, reading: Reading, header: Dataset, language: Language) -> Dataset | None:
    """Make an object of a reading; None where the reading gives none of its kind.

    A Key Object Selection marks a verdict of pneumonia alone, and a Segmentation needs a heat map.

    Raises
    ------
    ResultError, MissingExtraError
        As the functions do.
    """
    if (kind == "ko" and not reading.flagged) or (kind == "seg" and not speaks(reading.class_map)):
        return None
    make = getattr(importlib.import_module("neumo.results.dicom"), MAKERS[kind])
    made: Dataset = make(reading, header, language=language)
    return made


def require_makers(kinds: tuple[Kind, ...]) -> None:
    """Raise MissingExtraError where something that these kinds need is not installed."""
    importlib.import_module("neumo.results.dicom")  # says itself what is missing
    if "sc" in kinds:
        from neumo.results.typefaces import typeface

        typeface()
    if "pdf" in kinds:
        from neumo.results.pdf import require_pdf

        require_pdf()
