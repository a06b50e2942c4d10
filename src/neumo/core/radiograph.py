"""A decoded radiograph: pixels with where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.acquisition import AcquisitionFacts


@dataclass(frozen=True)
class Radiograph:
    """One single-channel radiograph, bright = dense, as every later step expects it.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width)
        Grey values 0-255, already de-rotated (EXIF) and reduced to one channel.
    source : Path
        The file it was read from.
    original_size : (int, int)
        Width and height of the file, in pixels.
    bit_depth : int
        Bits per sample in the file (8 or 16).
    colour : bool
        True when the file held colour that is not merely grey stored in three channels.
    acquisition : AcquisitionFacts or None
        What a DICOM header says; None for other formats.
    steps : tuple of mapping
        Every step from the file's samples to `pixels`, with its parameters, as plain values for a receipt.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    source: Path
    original_size: tuple[int, int]
    bit_depth: int = 8
    colour: bool = False
    acquisition: AcquisitionFacts | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
