"""A radiograph between opening and the network: its input, or why it has none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neumo.core.radiograph import Step
from neumo.core.reading import Notice


@dataclass(frozen=True)
class Prepared:
    """A radiograph ready for the network, or refused already; empty where there is none."""

    steps: tuple[Step, ...] = ()
    pixels: NDArray[np.uint8] | None = None
    image: NDArray[np.float32] | None = None
    refusals: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    outside_range: bool = False
    """Whether ages outside the range are read, in general or by an override for this source."""
    age: float | None = None
    """Patient's age in years; None where unknown."""
