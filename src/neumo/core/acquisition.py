"""What a DICOM header says about how a radiograph was taken, without saying whose it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AcquisitionFacts:
    """Attributes that decide whether a radiograph may be read; None or "" where the header does not say.

    Attributes
    ----------
    modality, body_part, view_position, laterality, photometric_interpretation, sop_class : str
        Values of the DICOM attributes of those keywords (Modality, BodyPartExamined, ...).
    patient_age : float or None
        In years, from PatientAge, else from birth and study date.
    study, series, instance : str
        UIDs.
    """

    modality: str = ""
    body_part: str = ""
    view_position: str = ""
    laterality: str = ""
    photometric_interpretation: str = ""
    sop_class: str = ""
    patient_age: float | None = None
    study: str = ""
    series: str = ""
    instance: str = ""
