"""Overlay PNGs: the heat map of a reading over its radiograph."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.files import replacing
from neumo.core.names import shown_path
from neumo.core.reading import Reading
from neumo.explain.heatmap import upsample
from neumo.explain.overlay import overlay

MAX_SIDE = 1024
"""Pixels; larger radiographs are reduced for viewing."""


def shown_pixels(reading: Reading, max_side: int = MAX_SIDE) -> NDArray[np.uint8] | None:
    """Return the radiograph (height, width) reduced for viewing, not to be changed; None where it was not kept."""
    if reading.pixels is None or max(reading.pixels.shape) <= max_side:
        return reading.pixels
    image = Image.fromarray(reading.pixels)
    image.thumbnail((max_side, max_side), Image.Resampling.BILINEAR)
    return np.array(image, dtype=np.uint8)


def overlay_of(reading: Reading, pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """Return the overlay (height, width, 3) on `shown_pixels`; None where there are none, or no heat map."""
    if pixels is None or reading.class_map is None:
        return None
    return overlay(
        pixels, upsample(reading.class_map, (pixels.shape[0], pixels.shape[1]), reading.field_of_view)
    )


def write_overlay(reading: Reading, folder: Path, number: int) -> str | None:
    """Write the overlay into `folder` under a name of its own; return its path, None where there is none.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    picture = overlay_of(reading, shown_pixels(reading))
    if picture is None:
        return None
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(reading.file).stem)[:80] or "reading"
    target = folder / f"{number:05d}-{stem}.png"
    with replacing(target) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
    return shown_path(target)
