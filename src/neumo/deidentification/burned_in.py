"""Detection of burned-in text in the rim of a radiograph's pixels, where modalities and scanners put it.

Thin strokes that stand out from what surrounds them (a top-hat transform; P. Soille, "Morphological Image Analysis",
2nd ed., 2003, section 4.5) are joined into glyphs, and glyphs of like height that stand side by side into lines.
It reads nothing. It finds lines of print of four letters or more; it does not find handwriting, print that slants,
touches or is faint, or markers such as "L" and "AP". docs/how-to/deidentify.md states how often it finds what.
It is no proof that there is no text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.deidentification.components import Box, boxes_of

_MAX_SIDE: Final = 1600
"""Pixels; larger pictures are reduced, as print grows with them."""
_STROKE: Final = 13
"""Widest stroke in pixels, and somewhat more."""
_CONTRAST: Final = 70
"""Grey levels by which a stroke stands out."""
_RIM: Final = 0.25
"""Share of each side that counts as rim."""
_MIN_HEIGHT, _MAX_HEIGHT_SHARE = 6, 0.08
"""Height of glyphs: in pixels, and as a share of the picture's shorter side."""
_MIN_LETTERS: Final = 4
"""Glyphs of a line, from which it counts as text."""
_MAX_RUNS: Final = 40_000
"""Runs of pixels above which the picture is taken for noise."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """Bounding box of a line of print, in shares of the picture's sides (0-1)."""

    left: float
    top: float
    right: float
    bottom: float


def text_in_rim(pixels: NDArray[np.uint8]) -> list[TextLine]:
    """Return lines of what looks like print within the outer quarter of each side.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
        As shown, in either polarity.

    Returns
    -------
    list of TextLine
        Bright and dark ones; empty where none was found, which is no proof.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BOX)
    reduced = np.asarray(image)
    found = [line for grey in (reduced, 255 - reduced) for line in _lines(_glyphs(grey))]
    height, width = reduced.shape
    lines = [
        TextLine(box.left / width, box.top / height, box.right / width, box.bottom / height) for box in found
    ]
    return [line for line in lines if _in_rim(line)]


def _glyphs(grey: NDArray[np.uint8]) -> list[Box]:
    """Return the boxes of bright strokes that could be letters."""
    opened = _extreme(_extreme(grey, np.minimum), np.maximum)
    boxes = boxes_of(grey - opened >= _CONTRAST, max_runs=_MAX_RUNS)
    highest = max(2 * _MIN_HEIGHT, _MAX_HEIGHT_SHARE * min(grey.shape))
    return [
        box
        for box in boxes
        if _MIN_HEIGHT <= box.height <= highest and box.width <= 1.8 * box.height and box.pixels >= box.height
    ]


def _extreme(grey: NDArray[np.uint8], choose: np.ufunc) -> NDArray[np.uint8]:
    """Return the least or greatest value within a square of `_STROKE` pixels around each pixel."""
    half = _STROKE // 2
    for axis in (0, 1):
        padding = [(half, half) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(grey, padding, mode="edge")
        length = grey.shape[axis]
        windows = (padded.take(range(start, start + length), axis) for start in range(_STROKE))
        grey = next(windows)
        for window in windows:
            grey = choose(grey, window)
    return grey


def _lines(glyphs: list[Box]) -> Iterator[Box]:
    """Yield the boxes around glyphs that follow each other in a line."""
    waiting = sorted(glyphs, key=lambda box: box.left)
    while waiting:
        line = [waiting.pop(0)]
        for box in list(waiting):
            if box.left > line[-1].right + 2 * line[-1].height:
                break
            if _follows(box, line[-1]):
                line.append(box)
                waiting.remove(box)
        if len(line) >= _MIN_LETTERS:
            yield Box.around(line)


def _follows(box: Box, before: Box) -> bool:
    shared = min(box.bottom, before.bottom) - max(box.top, before.top)
    low, high = sorted((box.height, before.height))
    gap = box.left - before.right
    return shared >= 0.6 * low and high <= 1.9 * low and -0.3 * low <= gap <= 1.3 * high


def _in_rim(line: TextLine) -> bool:
    across, down = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    return min(across, 1 - across, down, 1 - down) <= _RIM
