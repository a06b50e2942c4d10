"""Kinds of DICOM objects: those that can be de-identified, and those likely to hold text in their pixels."""

from typing import Final

from pydicom import Dataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
)

from neumo.core.message import Message

_RADIOGRAPHS: Final = frozenset(
    {
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        DigitalXRayImageStorageForProcessing,
    }
)
_OVERLAY_GROUPS: Final = range(0x6000, 0x6100, 2)
_OVERLAY_DATA: Final = 0x3000
_OVERLAY_BIT_POSITION: Final = 0x0102


def refusal_of(dataset: Dataset) -> str | None:
    """Return why an object is not de-identified at all; None where it is of a kind that is."""
    kind = UID(str(dataset.get("SOPClassUID") or ""))
    if str(dataset.get("Modality") or "").strip() == "SR" or kind.name.endswith("SR Storage"):
        return Message(
            "is a report, whose text may name the patient anywhere; read the radiograph without its patient instead"
        )
    if kind not in _RADIOGRAPHS and kind != SecondaryCaptureImageStorage:
        return Message(
            "is neither a radiograph (CR, DX) nor a secondary capture; where else it names the patient is not known"
        )
    if not dataset.get("SOPInstanceUID"):
        return Message("states no SOP Instance UID; repair the file first")
    if any(_is_in_pixels(dataset, group) for group in _OVERLAY_GROUPS):
        return Message("has an overlay in unused bits of its pixels, which may hold text; store it without")
    return None


def stated_text_of(dataset: Dataset) -> str | None:
    """Return why text must be expected in the pixels of an object; None where its header gives no reason."""
    if str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        return Message("its Burned In Annotation is YES")
    if dataset.SOPClassUID == SecondaryCaptureImageStorage:
        return Message("it is a secondary capture, and those often hold text")
    return None


def _is_in_pixels(dataset: Dataset, group: int) -> bool:
    position = dataset.get((group, _OVERLAY_BIT_POSITION))
    return position is not None and bool(position.value) and (group, _OVERLAY_DATA) not in dataset
