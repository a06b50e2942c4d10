"""Spacing of a radiograph's pixels: of the patient where it was calibrated, else of the detector (PS3.3 10.7.1.3)."""

import math
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from neumo.imaging.dicom.facts import value_of

_LEAST, _MOST = 1e-3, 10.0
"""Millimetres; what is stated beyond them is no spacing of a radiograph."""
_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Distances between the centres of pixels.

    Attributes
    ----------
    row, column : float
        Millimetres from one row to the next, and from one column to the next.
    calibrated : bool
        Whether it is meant of the patient; else of the detector, on which everything is shown larger than it is.
    """

    row: float
    column: float
    calibrated: bool


def pixel_spacing(header: Dataset) -> PixelSpacing | None:
    """Return the spacing that a header states; None where it states none, or none that can be.

    Pixel Spacing is of the patient where its calibration is stated, or where it differs from Imager Pixel Spacing.
    """
    spacing, detector = _pair(header, "PixelSpacing"), _pair(header, "ImagerPixelSpacing")
    if spacing is None:
        return None if detector is None else PixelSpacing(*detector, calibrated=False)
    stated = value_of(header, "PixelSpacingCalibrationType") is not None
    differs = detector is not None and any(
        abs(one - other) > _TOLERANCE * other for one, other in zip(spacing, detector, strict=True)
    )
    return PixelSpacing(*spacing, calibrated=stated or differs)


def _pair(header: Dataset, keyword: str) -> tuple[float, float] | None:
    value = value_of(header, keyword)
    try:
        row, column = (float(one) for one in value)
    except (TypeError, ValueError):
        return None
    if not all(math.isfinite(one) and _LEAST <= one <= _MOST for one in (row, column)):
        return None
    return row, column
