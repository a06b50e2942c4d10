"""A decoded radiograph: pixels with their source, decoding steps and acquisition facts of the header."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Step = Mapping[str, Any]
"""One pixel step as plain JSON values: its name under "step", and every parameter it was taken with."""


@dataclass(frozen=True, slots=True)
class CodedConcept:
    """A term from a coding scheme (DICOM PS3.3 section 8).

    Attributes
    ----------
    value : str
        Such as "51185008".
    scheme : str
        Such as "SCT".
    meaning : str
        For people, such as "Chest".
    """

    value: str
    scheme: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class AcquisitionFacts:
    """Acquisition facts of a file's header; nothing that names the patient.

    Every attribute is None or empty where the header does not state it, or states rubbish.

    Attributes
    ----------
    modality : str or None
        Such as "CR" or "DX" (0008,0060).
    body_part : str or None
        Body Part Examined, such as "CHEST" (0018,0015).
    body_part_codes : tuple of CodedConcept
        Anatomic Region Sequence (0008,2218).
    view_position : str or None
        Such as "PA", "AP" or "LL" (0018,5101).
    view_codes : tuple of CodedConcept
        View Code Sequence (0054,0220).
    patient_orientation : tuple of str
        Directions of the rows and of the columns, such as ("L", "F") (0020,0020).
    laterality : str or None
        "R", "L", "U" or "B" (0020,0060 or 0020,0062).
    patient_age : float or None
        In years, from the age (0010,1010), else from the date of birth and that of study, series, acquisition or
        content. "000Y" counts as not stated, since the ages of infants are given in days, weeks or months.
    age_unreadable : bool
        The header states an age, or a date of birth, of which none follows.
    quality_control : bool
        Quality Control Image (0028,0300) or Quality Control Subject (0010,0200) is YES: a phantom.
    photometric_interpretation : str or None
        As stored (0028,0004), such as "MONOCHROME1".
    presentation_intent : str or None
        "FOR PRESENTATION" or "FOR PROCESSING" (0008,0068).
    sop_class_uid, study_instance_uid, series_instance_uid, sop_instance_uid : str or None
    pixel_spacing : (float, float) or None
        Millimetres between rows and between columns, at the patient (0028,0030) or else at the detector (0018,1164).
    pixel_aspect : float or None
        Height of a pixel over its width, from Pixel Aspect Ratio (0028,0034) or else from the spacing.
    """

    modality: str | None = None
    body_part: str | None = None
    body_part_codes: tuple[CodedConcept, ...] = ()
    view_position: str | None = None
    view_codes: tuple[CodedConcept, ...] = ()
    patient_orientation: tuple[str, ...] = ()
    laterality: str | None = None
    patient_age: float | None = None
    age_unreadable: bool = False
    quality_control: bool = False
    photometric_interpretation: str | None = None
    presentation_intent: str | None = None
    sop_class_uid: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    pixel_spacing: tuple[float, float] | None = None
    pixel_aspect: float | None = None

    @property
    def states_region_or_view(self) -> bool:
        """Whether the header states anything about body part or view."""
        return any(
            (
                self.body_part,
                self.body_part_codes,
                self.view_position,
                self.view_codes,
                self.patient_orientation,
            )
        )


@dataclass(frozen=True)
class Radiograph:
    """One single-channel radiograph, bright = dense, as every later step expects it.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width)
        Grey values 0-255, already de-rotated (EXIF) and reduced to one channel; what people see.
    source : Path or None
        The file it was read from; None where bytes or an array were given.
    original_size : (int, int)
        Width and height of the file, in pixels; `pixels` may be fewer, see `reduction`.
    bit_depth : int
        Bits per sample in the file (1-16).
    colour : bool
        True when the file held colour that is not merely grey stored in three channels.
    sha256 : str or None
        Of the file's bytes, in lower-case hexadecimal; None where an array was given.
    facts : AcquisitionFacts
        Empty for files that state none (PNG, JPEG) and for arrays.
    steps : tuple of Step
        The pixel steps taken, in order; the same bytes through the same steps give the same pixels.
    deep : ndarray of uint16, shape (height, width), or None
        The same image with the part of its range that it uses spread over 0-65535, where the file holds it with more
        than 8 bits, or through tables that 8 bits cannot hold.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    source: Path | None
    original_size: tuple[int, int]
    bit_depth: int = 8
    colour: bool = False
    sha256: str | None = None
    facts: AcquisitionFacts = AcquisitionFacts()
    steps: tuple[Step, ...] = ()
    deep: NDArray[np.uint16] | None = field(default=None, repr=False)

    @property
    def reduction(self) -> int:
        """Factor by which each side was reduced in decoding; 1 where every pixel was decoded."""
        return int(self.steps[0].get("reduction", 1)) if self.steps else 1

    @property
    def levels(self) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Grey levels at full depth: `deep`, or `pixels` where 8 bits hold all there is."""
        return self.pixels if self.deep is None else self.deep
