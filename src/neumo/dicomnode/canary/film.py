"""The DICOM object of a canary: the pixels of a known radiograph under new UIDs and the name of no patient."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydicom import Dataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from neumo.imaging.dicom.parse import parse_file
from neumo.imaging.dicom.recognise import is_dicom
from neumo.imaging.open import open_radiograph

PATIENT: Final = "NEUMO-CANARY"
"""Name and Patient ID of every canary."""
_AGE: Final = "003Y"
"""Patient's age of a canary film made from a picture: within the ages that bundles read."""
_KEPT: Final = (
    "SOPClassUID", "Modality", "BodyPartExamined", "ViewPosition", "PatientAge", "PatientSex", "PatientOrientation",
    "PresentationLUTShape", "ImagerPixelSpacing",
)  # fmt: skip
_IMAGE_GROUPS: Final = (0x0028, 0x7FE0)


def canary_object(film: Path) -> Dataset:
    """Return a canary, which no node has received before.

    Parameters
    ----------
    film : Path
        A DICOM file, of which the image alone is taken, or a picture.

    Raises
    ------
    UnreadableImageError, OSError
        It cannot be read.
    """
    if is_dicom(film.read_bytes()):
        canary, syntax = _of_dicom(film)
    else:
        canary, syntax = _of_picture(film), ExplicitVRLittleEndian
    now = datetime.now(UTC)
    canary.SOPInstanceUID, canary.SeriesInstanceUID, canary.StudyInstanceUID = (
        generate_uid(),
        generate_uid(),
        generate_uid(),
    )
    canary.PatientName = canary.PatientID = PATIENT
    canary.PatientBirthDate = canary.ReferringPhysicianName = canary.StudyID = canary.AccessionNumber = ""
    canary.PatientSex = canary.get("PatientSex", "")
    canary.PatientAge = canary.get("PatientAge") or _AGE
    canary.StudyDate, canary.StudyTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    canary.StudyDescription = "neumo canary, no patient"
    canary.SeriesNumber = canary.InstanceNumber = "1"
    canary.file_meta = FileMetaDataset()
    canary.file_meta.TransferSyntaxUID = syntax
    canary.file_meta.MediaStorageSOPClassUID = canary.SOPClassUID
    canary.file_meta.MediaStorageSOPInstanceUID = canary.SOPInstanceUID
    return canary


def _of_dicom(film: Path) -> tuple[Dataset, UID]:
    source, canary = parse_file(film, whole=True), Dataset()
    for element in source:
        if element.tag.group in _IMAGE_GROUPS or element.keyword in _KEPT:
            canary.add(element)
    return canary, source.file_meta.TransferSyntaxUID


def _of_picture(film: Path) -> Dataset:
    pixels, canary = open_radiograph(film).pixels, Dataset()
    canary.SOPClassUID = ComputedRadiographyImageStorage
    canary.Modality, canary.BodyPartExamined, canary.ViewPosition = "CR", "CHEST", "AP"
    canary.Rows, canary.Columns = pixels.shape
    canary.SamplesPerPixel, canary.PhotometricInterpretation = 1, "MONOCHROME2"
    canary.BitsAllocated = canary.BitsStored = 8
    canary.HighBit, canary.PixelRepresentation = 7, 0
    content = pixels.tobytes()
    canary.add_new("PixelData", "OW", content + b"\0" * (len(content) % 2))
    return canary
