"""The allow-list of de-identification: attributes that stay, and nothing else.

PS3.15 table E.1-1 lists what has to go. A list of what stays is shorter, and errs on the patient's side: an
attribute that is not known, is private, or is new in the standard goes.
"""

import re
from typing import Final

from pydicom.datadict import keyword_dict

PATIENT: Final = frozenset({"PatientSex", "PatientAge", "PatientSize", "PatientWeight"})
"""Attributes kept by the Retain Patient Characteristics Option (PS3.15 section E.3.9) that reading makes use of."""

DATES: Final = {
    "StudyDate": "StudyTime",
    "SeriesDate": "SeriesTime",
    "AcquisitionDate": "AcquisitionTime",
    "ContentDate": "ContentTime",
    "AcquisitionDateTime": None,
}
"""Dates that are shifted, each with its time."""

PSEUDONYMS: Final = frozenset({"PatientID", "AccessionNumber", "StudyID"})
"""Identifiers that are replaced by pseudonyms."""

UIDS: Final = frozenset(
    {
        "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID",
        "ReferencedSOPClassUID", "ReferencedSOPInstanceUID",
    }
)  # fmt: skip
"""UIDs that are replaced, and those of SOP classes, which stay."""

CLASSES: Final = frozenset({"SOPClassUID", "ReferencedSOPClassUID"})
"""UIDs that stay, if the standard defines them."""

SEQUENCES: Final = frozenset(
    {
        "AnatomicRegionSequence", "AnatomicRegionModifierSequence", "ViewCodeSequence", "ViewModifierCodeSequence",
        "ModalityLUTSequence", "VOILUTSequence", "SourceImageSequence",
    }
)  # fmt: skip
"""Sequences whose items stay, as far as what is in them stays."""

DESCRIPTIONS: Final = frozenset(
    {
        # Series, view and equipment (PS3.3 sections C.7.3.1, C.8.1, C.8.11, C.7.5.1)
        "Modality", "PresentationIntentType", "SeriesNumber", "InstanceNumber", "AcquisitionNumber", "Laterality",
        "ImageLaterality", "BodyPartExamined", "PatientPosition", "PatientOrientation", "ViewPosition",
        "Manufacturer", "ManufacturerModelName", "ConversionType", "ImageType", "ImagesInAcquisition",
        # Codes (section 8)
        "CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning",
        # Exposure and detector (sections C.8.7.2, C.8.11.2 to C.8.11.5)
        "KVP", "ExposureTime", "ExposureTimeInuS", "XRayTubeCurrent", "XRayTubeCurrentInuA", "Exposure",
        "ExposureInuAs", "ExposureIndex", "TargetExposureIndex", "DeviationIndex", "RelativeXRayExposure",
        "Sensitivity", "DistanceSourceToDetector", "DistanceSourceToPatient",
        "EstimatedRadiographicMagnificationFactor", "DetectorType",
        "DetectorConfiguration", "DetectorElementPhysicalSize", "DetectorElementSpacing",
        "DetectorActiveShape", "DetectorActiveDimensions", "FieldOfViewShape", "FieldOfViewDimensions",
        "FieldOfViewOrigin", "FieldOfViewRotation", "FieldOfViewHorizontalFlip", "Grid", "FilterType",
        "AnodeTargetMaterial", "ImagerPixelSpacing", "PixelSpacing", "PixelSpacingCalibrationType", "PixelAspectRatio",
        "NominalScannedPixelSpacing",
        # Pixels and how they become grey (sections C.7.6.3, C.11.1, C.11.2, C.8.11.3)
        "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns", "NumberOfFrames",
        "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
        "RescaleIntercept", "RescaleSlope",
        "RescaleType", "WindowCenter", "WindowWidth", "VOILUTFunction", "LUTDescriptor", "LUTData", "ModalityLUTType",
        "PresentationLUTShape", "PixelIntensityRelationship", "PixelIntensityRelationshipSign", "LossyImageCompression",
        "LossyImageCompressionRatio", "LossyImageCompressionMethod", "QualityControlImage", "BurnedInAnnotation",
        "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
        "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
        "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData", "PixelData",
    }
)  # fmt: skip
"""Attributes that stay as they are: what a radiograph shows and how, never of whom."""

EMPTIED: Final = (
    "PatientBirthDate",
    "ReferringPhysicianName",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
"""Attributes that must be there (type 2) and state nothing where they are not replaced."""

KEPT: Final = frozenset(
    keyword_dict[keyword]
    for keyword in PATIENT | DATES.keys() | PSEUDONYMS | UIDS | SEQUENCES | DESCRIPTIONS
    | {time for time in DATES.values() if time}
)  # fmt: skip
"""Tags of all of them."""

FORMS: Final = {
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9_ ]{1,16}"),
    "DA": re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"),
    "DT": re.compile(
        r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"
    ),
    "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "UI": re.compile(r"[0-9]+(\.[0-9]+)*"),
}
"""Form of the values that stay, by value representation (PS3.5 section 6.2); another may be a misplaced name."""
