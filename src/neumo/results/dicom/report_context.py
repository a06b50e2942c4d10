"""Context of a Structured Report: observer, image library (TID 1600), evidence."""

from typing import Final

from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    ImageContentItem,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from neumo.results.dicom.instance import MANUFACTURER
from neumo.results.dicom.source import Reference, text_of
from neumo.results.dicom.uids import stable_uid
from neumo.results.origin import Origin

_CONTAINS: Final = RelationshipTypeValues.CONTAINS


def evidence_of(reference: Reference) -> Dataset:
    """Return the radiograph as highdicom's evidence; patient and study are copied by `finish`."""
    evidence = Dataset()
    evidence.StudyInstanceUID, evidence.SeriesInstanceUID = reference.study, reference.series
    evidence.SOPInstanceUID, evidence.SOPClassUID = reference.instance, reference.sop_class
    for keyword in (
        "PatientID",
        "PatientName",
        "PatientBirthDate",
        "PatientSex",
        "AccessionNumber",
        "StudyID",
    ):
        setattr(evidence, keyword, "")
    evidence.StudyDate = evidence.StudyTime = None
    return evidence


def observer_of(origin: Origin) -> ObserverContext:
    """Return the observer: neumo with its bundle, as a device."""
    device = DeviceObserverIdentifyingAttributes(
        uid=stable_uid("device", origin.digest),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=f"{origin.name} {origin.version}",
        serial_number=origin.digest,
    )
    return ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)


def observed_by(origin: Origin) -> ObservationContext:
    """Return the observer of a whole report."""
    return ObservationContext(observer_device_context=observer_of(origin))


def image_library(source: Dataset, reference: Reference) -> ContainerContentItem:
    """Return TID 1600 with the radiograph and its modality, all that every header states."""
    image = ImageContentItem(
        name=Code("260753009", "SCT", "Source"),
        referenced_sop_class_uid=reference.sop_class,
        referenced_sop_instance_uid=reference.instance,
        relationship_type=_CONTAINS,
    )
    modality = _MODALITIES.get(text_of(source, "Modality"))
    group = ContainerContentItem(name=codes.DCM.ImageLibraryGroup, relationship_type=_CONTAINS)
    group.ContentSequence = ContentSequence([image])
    if modality is not None:
        group.ContentSequence.insert(
            0,
            CodeContentItem(
                name=codes.DCM.Modality,
                value=modality,
                relationship_type=RelationshipTypeValues.HAS_ACQ_CONTEXT,
            ),
        )
    library = ContainerContentItem(name=codes.DCM.ImageLibrary, relationship_type=_CONTAINS)
    library.ContentSequence = ContentSequence([group])
    return library


_MODALITIES = {
    "CR": codes.DCM.ComputedRadiography,
    "DX": codes.DCM.DigitalRadiography,
    "RG": Code("RG", "DCM", "Radiographic imaging"),
}
