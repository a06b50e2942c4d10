"""Numbers that stay in a de-identified header: each within what its attribute can mean, and none that is an identifier.

Identifiers are often written into numeric attributes, where no word can be seen.
"""

from collections.abc import Iterable
from typing import Final

from pydicom import DataElement
from pydicom.multival import MultiValue

_MIN_DIGITS, _MIN_PART = 3, 4
"""Digits from which a number counts as an identifier, and from which one is looked for within longer numbers."""
_MAX_NUMBER: Final = 9_999
"""Largest number of a series, acquisition or instance that stays."""
_NUMBERS: Final = frozenset({"SeriesNumber", "AcquisitionNumber", "InstanceNumber", "ImagesInAcquisition"})
_RANGES: Final = {
    "KVP": (0, 500), "ExposureTime": (0, 60_000), "ExposureTimeInuS": (0, 60_000_000), "XRayTubeCurrent": (0, 5_000),
    "XRayTubeCurrentInuA": (0, 5_000_000), "Exposure": (0, 5_000), "ExposureInuAs": (0, 5_000_000),
    "ExposureIndex": (0, 10_000), "TargetExposureIndex": (0, 10_000), "DeviationIndex": (-20, 20),
    "RelativeXRayExposure": (0, 20_000), "Sensitivity": (0, 10_000), "DistanceSourceToDetector": (0, 6_000),
    "DistanceSourceToPatient": (0, 6_000), "EstimatedRadiographicMagnificationFactor": (0.5, 10),
    "DetectorElementPhysicalSize": (0, 10), "DetectorElementSpacing": (0, 10), "DetectorActiveDimensions": (0, 2_000),
    "FieldOfViewDimensions": (0, 2_000), "FieldOfViewOrigin": (-10_000, 10_000), "FieldOfViewRotation": (0, 360),
    "ImagerPixelSpacing": (0, 10), "PixelSpacing": (0, 10), "NominalScannedPixelSpacing": (0, 10),
    "PixelAspectRatio": (1, 10_000), "LossyImageCompressionRatio": (0, 10_000), "PatientSize": (0, 2.7),
    "PatientWeight": (0, 500), "RescaleIntercept": (-1e5, 1e5), "RescaleSlope": (-1e5, 1e5),
    "WindowCenter": (-1e5, 1e5), "WindowWidth": (0, 2e5), "NumberOfFrames": (1, 1),
}  # fmt: skip
"""Plausible range of each decimal or integer string, in its own unit."""
_DIGITS_OF: Final = {"WindowCenter": 9, "WindowWidth": 9, "RescaleIntercept": 12, "RescaleSlope": 12}
"""Significant digits that stay; grey levels need theirs exactly."""
_SIGNIFICANT: Final = 5

NEEDED: Final = frozenset({"RescaleIntercept", "RescaleSlope", "WindowCenter", "WindowWidth"})
"""Numbers without which the pixels would be shown otherwise."""


def clean_number(element: DataElement, identifiers: Iterable[str]) -> DataElement | None:
    """Return an integer or decimal string with plain numbers; None where one is no such number, or an identifier.

    Those that pixels are shown by (`NEEDED`) stay; whoever calls looks for identifiers among them.

    Parameters
    ----------
    element : DataElement
        Of the value representation DS or IS, not empty.
    identifiers : iterable of str
        The digits of the patient's identifiers.
    """
    low, high = (0, _MAX_NUMBER) if element.keyword in _NUMBERS else _RANGES.get(element.keyword, (0, 0))
    several = isinstance(element.value, MultiValue | list)
    kept = []
    for value in element.value if several else [element.value]:
        number = float(value)
        if element.keyword not in NEEDED and (
            not low <= number <= high or is_identifier(str(value), identifiers)
        ):
            return None
        kept.append(_plain(number, element))
    return DataElement(element.tag, element.VR, kept if several else kept[0])


def is_identifier(written: str, identifiers: Iterable[str]) -> bool:
    """Whether the digits of a number are, or hold, those of an identifier."""
    digits = "".join(letter for letter in written if letter.isdecimal())
    plain = digits.strip("0")
    return any(
        len(identifier) >= _MIN_DIGITS
        and (identifier.strip("0") == plain or (len(identifier) >= _MIN_PART and identifier in digits))
        for identifier in identifiers
    )


def _plain(number: float, element: DataElement) -> str:
    if element.VR == "IS":
        return str(int(number))
    return f"{number:.{_DIGITS_OF.get(element.keyword, _SIGNIFICANT)}g}"
