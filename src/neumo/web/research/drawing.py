"""Pictures of a run's images, drawn in a reader's process, which imports nothing of the server."""

from pathlib import Path
from typing import Final

from neumo.core.errors import UnreadableImageError
from neumo.imaging import open_radiograph
from neumo.web.readings.pictures import radiograph_png

MAX_SIDE: Final = 1024
"""Longest side of a rendered picture, in pixels."""


def draw(source: Path, side: int, target: Path) -> dict[str, str]:
    """Write a radiograph file as PNG of at most `side` pixels a side.

    Returns
    -------
    dict
        {"status": "made"}, or {"problem": "unreadable"} where it is no radiograph that can be opened.
    """
    try:
        pixels = open_radiograph(source).pixels
    except UnreadableImageError:
        return {"problem": "unreadable"}
    target.write_bytes(radiograph_png(pixels, max_side=side))
    return {"status": "made"}
