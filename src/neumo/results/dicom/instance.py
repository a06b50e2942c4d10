"""Attributes that all DICOM results share: equipment, patient, study, content date, SOP Instance UID."""

from typing import Any

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

import neumo
from neumo.core.decision import Decision
from neumo.core.errors import ResultError
from neumo.core.message import Message
from neumo.core.reading import Reading, Status
from neumo.results.dicom.codes import coding_scheme_item
from neumo.results.dicom.copying import Copied
from neumo.results.dicom.source import moment_of, take_patient_and_study
from neumo.results.dicom.uids import IMPLEMENTATION, content_uid, series_uid, stable_uid
from neumo.results.origin import Origin
from neumo.texts.language import DEFAULT, Language
from neumo.texts.translation import told

MANUFACTURER = "neumo"
_DISCLAIMERS = {
    False: Message(
        "AI result, not verified by a physician. Not a medical device: the decision is the professional's."
    ),
    True: Message(
        "AI result beside a person's verified decision. Not a medical device: the decision is the professional's."
    ),
}

UNNAMED_INSTANCE = stable_uid("instance", "not yet known")
"""Placeholder UID until the content is complete."""

_MOMENTS_OF_MAKING = (
    "InstanceCreationDate",
    "InstanceCreationTime",
    "DateOfSecondaryCapture",
    "TimeOfSecondaryCapture",
)


def is_verified(decision: Decision | None) -> bool:
    """Whether somebody with the right to verify reports has decided about a reading."""
    return decision is not None and decision.verified


def disclaimer(verified: bool, language: Language = DEFAULT) -> str:
    """Return the disclaimer of a verified or an unverified result in a language."""
    return told(_DISCLAIMERS[verified], language)


def series_of(verified: bool, study: str, origin: Origin, modality: str) -> UID:
    """Return the series of a result; results that a person verified have one of their own, described as such."""
    return series_uid(study, origin.digest, f"{modality} verified" if verified else modality)


def equipment(verified: bool, origin: Origin) -> dict[str, Any]:
    """Return the values of the General Equipment module (PS3.3 section C.7.5.1), as highdicom names them."""
    said = "verified decision" if verified else "not verified"
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": f"{origin.name} {origin.version}"[:64],
        "device_serial_number": origin.digest[:64],
        "software_versions": (f"neumo {origin.neumo}"[:64], f"bundle {origin.name} {origin.version}"[:64]),
        "series_description": f"neumo: {origin.name} {origin.version}, AI, {said}"[:64],
    }


def set_equipment(result: Dataset, verified: bool, origin: Origin) -> None:
    """Set the General Equipment module and the series description on a result that highdicom makes without them."""
    stated = equipment(verified, origin)
    result.Manufacturer = stated["manufacturer"]
    result.ManufacturerModelName = stated["manufacturer_model_name"]
    result.DeviceSerialNumber = stated["device_serial_number"]
    result.SoftwareVersions = list(stated["software_versions"])
    result.SeriesDescription = stated["series_description"]


def settle(result: Dataset) -> None:
    """Remove the moments of making, and name neumo's coding scheme: what is the same for all results of a kind."""
    for made_now in _MOMENTS_OF_MAKING:
        result.pop(made_now, None)
    for contributor in result.get("ContributingEquipmentSequence", []):
        contributor.pop("ContributionDateTime", None)
    result.CodingSchemeIdentificationSequence = [coding_scheme_item()]


def finish(result: Dataset, source: Dataset, copied: Copied) -> None:
    """Set content date, patient and study of a settled result, and then the SOP Instance UID of its content."""
    result.ContentDate, result.ContentTime = moment_of(source)
    take_patient_and_study(copied, result)
    result.SOPInstanceUID = content_uid(result)
    meta = result.file_meta
    meta.MediaStorageSOPInstanceUID = result.SOPInstanceUID
    meta.TransferSyntaxUID = UID(ExplicitVRLittleEndian)
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = f"NEUMO {neumo.__version__}"[:16]
    meta.pop("FileMetaInformationGroupLength", None)


def require_reportable(reading: Reading) -> None:
    """Raise ResultError for a failed reading without a person's decision, which has nothing to report."""
    if reading.status is Status.FAILED and reading.decision is None:
        reasons = "; ".join(reason.code for reason in reading.reasons)
        raise ResultError(
            "{file}: could not be read ({reasons}), so there is nothing to report until a person has decided",
            file=reading.file,
            reasons=reasons,
        )
