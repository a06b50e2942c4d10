"""Reduced decoding: how much smaller a large image may be decoded, where a network needs few of its pixels.

JPEG and JPEG 2000 hold an image in scales: to decode a half, quarter or eighth of each side leaves out the rest.
"""

import math
from typing import Final

_FACTORS: Final = (8, 4, 2)
_MARGIN: Final = 2
"""Pixels that shall remain for each one that the network sees: resampling to its square still averages."""


def enough_pixels(size: int, field_of_view: float) -> int:
    """Return the pixels that a side must keep for a network's square of `size`, which shows that share of the side."""
    return math.ceil(_MARGIN * size / field_of_view)


def reduction(width: int, height: int, enough: int | None, *, largest: int = _FACTORS[0]) -> int:
    """Return by how much each side may be divided, 1, 2, 4 or 8, so that both keep `enough` pixels.

    Parameters
    ----------
    width, height : int
        As stored.
    enough : int or None
        None where every pixel is wanted.
    largest : int
        What the file allows.
    """
    if enough is None:
        return 1
    fitting = (f for f in _FACTORS if f <= largest and min(width, height) >= f * enough)
    return next(fitting, 1)
