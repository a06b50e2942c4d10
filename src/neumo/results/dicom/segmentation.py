"""A reading's heat map as a Segmentation (PS3.3 section A.51): bands of equal share in the finding, one segment each.

A Parametric Map would hold the values themselves, but it needs a place in a frame of reference, which a radiograph has
none of, and OHIF shows it over volumes alone. See docs/reference/dicom-results.md.
"""

from typing import Final

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.content import PixelMeasuresSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from neumo.core.errors import ResultError
from neumo.core.reading import Reading
from neumo.explain.heatmap import rectify, speaks, upsample
from neumo.imaging.quiet import quiet
from neumo.results.dicom.algorithm import parameters_of
from neumo.results.dicom.codes import ARTIFICIAL_INTELLIGENCE
from neumo.results.dicom.instance import (
    MANUFACTURER,
    UNNAMED_INSTANCE,
    equipment,
    finish,
    is_verified,
    require_reportable,
    series_of,
    settle,
)
from neumo.results.dicom.report_context import evidence_of
from neumo.results.dicom.source import (
    declare_lossy,
    orientation_of,
    patient_and_study,
    reference_of,
    text_of,
    writable,
)
from neumo.results.dicom.uids import stable_uid
from neumo.results.dicom.values import valid_value
from neumo.results.origin import Origin, origin_of
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import DEFAULT, Language

LEVELS: Final = (0.25, 0.5, 0.75)
"""From which shares of the heat map's peak on its bands begin; the last ends at the peak."""
_COLOURS: Final = ((97.6, -16.0, 93.0), (74.9, 24.0, 79.0), (53.2, 80.0, 67.0))
"""CIELab of yellow, orange and red, for viewers that colour segments."""
_STEPS: Final = 100
"""Heat is rounded to hundredths: its last bits depend on the machine and would change the SOP Instance UID."""
_SERIES_NUMBER: Final = 9005
_CATEGORY: Final = Code("309825002", "SCT", "Spatial and Relational Concept")
_TYPE: Final = Code("130401", "DCM", "Visual explanation")
_SPACINGS: Final = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_IMAGE_PLANE: Final = (1, 0, 0, 0, 1, 0)
_NOMINAL_THICKNESS: Final = 1.0
"""In mm; a projection has none, and highdicom reads no pixel measures without."""


def segmentation(reading: Reading, source: Dataset, /, *, language: Language = DEFAULT) -> Dataset:
    """Put the heat map of a reading into a Segmentation of the radiograph, pixel by pixel.

    The same reading of the same radiograph always gives the same data set, SOP Instance UID included.

    Parameters
    ----------
    reading : Reading
        With its receipt and a class map that speaks for its finding somewhere.
    source : Dataset
        Header of the radiograph; its Rows and Columns are those of the segments.
    language : str
        Of the segments' labels.

    Returns
    -------
    Dataset
        BINARY, of one frame for each band that is not empty, with file meta information, in Explicit VR Little Endian.

    Raises
    ------
    ResultError
        The reading failed or has no receipt or no heat map, or the header lacks a UID, Rows or Columns.
    """
    require_reportable(reading)
    if reading.class_map is None or not speaks(reading.class_map):
        raise ResultError("{file}: its reading has no heat map, so there is none to send", file=reading.file)
    origin, reference, verified = origin_of(reading), reference_of(source), is_verified(reading.decision)
    bands = bands_of(reading, _size_of(source, reading.file))
    image = evidence_of(reference)
    image.Rows, image.Columns = bands.shape
    said = writable(texts(language)("readings.heat_bands.what"), source)
    stated = equipment(verified, origin)
    description = stated.pop("series_description")
    with quiet():
        made = Segmentation(
            source_images=[image],
            pixel_array=bands,
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=[
                _segment(number, reading, source, origin, language) for number in range(1, len(LEVELS) + 1)
            ],
            series_instance_uid=series_of(verified, reference.study, origin, "SEG"),
            series_number=_SERIES_NUMBER,
            sop_instance_uid=UNNAMED_INSTANCE,
            instance_number=1,
            content_label="HEATMAP",
            content_description=said,
            transfer_syntax_uid=ExplicitVRLittleEndian,
            **stated,
        )
        made.SeriesDescription = description
        made["PixelData"].VR = "OB"
        _place(made, source)
        declare_lossy(source, made)
        settle(made)
        finish(made, source, patient_and_study(source))
    return made


def bands_of(reading: Reading, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the band of each pixel, shape (height, width): 1 to 3 by `LEVELS`, 0 below the first.

    Parameters
    ----------
    reading : Reading
        With a class map.
    size : (int, int)
        Height and width of the radiograph in pixels.
    """
    assert reading.class_map is not None
    steps = np.round(rectify(reading.class_map) * _STEPS) / np.float32(_STEPS)
    heat = np.round(upsample(steps, size, reading.field_of_view) * _STEPS)
    return np.digitize(heat, [level * _STEPS for level in LEVELS]).astype(np.uint8)


def _segment(
    number: int, reading: Reading, source: Dataset, origin: Origin, language: Language
) -> SegmentDescription:
    low = LEVELS[number - 1]
    high = LEVELS[number] if number < len(LEVELS) else 1.0
    label = texts(language)("readings.heat_bands.band", low=percent(low, 0), high=percent(high, 0))
    lightness, a, b = _COLOURS[number - 1]
    return SegmentDescription(
        segment_number=number,
        segment_label=writable(label, source),
        segmented_property_category=_CATEGORY,
        segmented_property_type=_TYPE,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=origin.name,
            family=ARTIFICIAL_INTELLIGENCE,
            version=origin.version,
            source=MANUFACTURER,
            parameters=dict(parameters_of(origin, reading.answer)),
        ),
        display_color=CIELabColor(lightness, a, b),
    )


def _place(made: Dataset, source: Dataset) -> None:
    """State that the segments lie on the radiograph's own pixels, in the form that viewers ask for.

    A projection has no frame of reference, so that nothing else is said of the patient's axes. OHIF opens a
    Segmentation only where it states an orientation equal to the one that it takes for an image without any, and pixel
    measures; they stand there for that alone, and say nothing of the patient.
    """
    made.PatientOrientation = orientation_of(source)
    made.DimensionOrganizationSequence[0].DimensionOrganizationUID = stable_uid("dimensions", "heat map")
    for index in made.DimensionIndexSequence:
        index.DimensionOrganizationUID = stable_uid("dimensions", "heat map")
    spacing = _spacing_of(source)
    if spacing is None:
        return
    plane, shared = Dataset(), made.SharedFunctionalGroupsSequence[0]
    plane.ImageOrientationPatient = list(_IMAGE_PLANE)
    shared.PlaneOrientationSequence = [plane]
    shared.PixelMeasuresSequence = PixelMeasuresSequence(spacing, _NOMINAL_THICKNESS)


def _spacing_of(source: Dataset) -> tuple[float, float] | None:
    """Return the spacing of rows and of columns in mm, as the header states it; None where it states none."""
    for keyword in _SPACINGS:
        parts = text_of(source, keyword).strip("[]").split(",")
        values = [valid_value(part.strip(), "DS") for part in parts]
        if len(values) == 2 and all(value is not None and float(value) > 0 for value in values):
            first, second = (float(str(value)) for value in values)
            return first, second
    return None


def _size_of(source: Dataset, file: str) -> tuple[int, int]:
    sides = [text_of(source, keyword) for keyword in ("Rows", "Columns")]
    if not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise ResultError("{file}: its header states no Rows and Columns, so no segment fits it", file=file)
    return int(sides[0]), int(sides[1])
