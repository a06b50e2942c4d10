"""Window centre and width (DICOM PS3.3 section C.11.2.1.2 and C.11.2.1.3)."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from neumo.imaging.dicom.facts import code_string, value_of

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True)
class Window:
    """The first of a file's windows, in values after the modality step.

    Attributes
    ----------
    center, width : float
        Finite; the width is at least 1 for LINEAR, and above 0 for the others.
    function : str
        LINEAR, LINEAR_EXACT or SIGMOID.
    """

    center: float
    width: float
    function: Function

    @property
    def described(self) -> dict[str, Any]:
        """Plain values for a receipt."""
        return asdict(self)


def find_window(dataset: Dataset) -> Window | None:
    """Read the first window; None where there is none, or one whose width the standard forbids."""
    center, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    if center is None or width is None:
        return None
    stated = code_string(dataset, "VOILUTFunction")
    function: Function = "LINEAR_EXACT" if stated == "LINEAR_EXACT" else "LINEAR"
    if stated == "SIGMOID":
        function = "SIGMOID"
    if width <= 0 or (function == "LINEAR" and width < 1):
        return None
    return Window(center, width, function)


def windowed(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Share 0-1 of the output range for each value.

    Written here because pydicom's `apply_windowing` takes the output range from Bits Stored and leaves the scaling to
    the caller; the tests hold the two against each other.
    """
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        powers = np.clip(-4 * (values - center) / width, -700, 700)
        shares: NDArray[np.float64] = 1 / (1 + np.exp(powers))
        return shares
    if window.function == "LINEAR":
        center, width = center - 0.5, width - 1
    if width == 0:
        return (values > center).astype(np.float64)
    return np.clip((values - center) / width + 0.5, 0, 1)


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = value_of(dataset, keyword)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
