"""Radiographs and heat maps as PNG."""

from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.explain.heatmap import upsample
from neumo.explain.overlay import heat_colours

PNG: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
"""OpenAPI responses of a route that returns a picture."""
PGM_TYPE: Final = "image/x-portable-graymap"
PGM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {PGM_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
"""Media type of grey levels as they are (PGM), as `PNG` is that of pictures."""


def radiograph_png(
    pixels: NDArray[np.uint8],
    *,
    window: tuple[float, float] | None = None,
    invert: bool = False,
    max_side: int | None = None,
) -> bytes:
    """Return a radiograph as an 8-bit grey PNG.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
    window : (float, float), optional
        Centre and width in grey levels, applied as DICOM's linear function (PS3.3 section C.11.2.1.2.1).
    invert : bool
        Show dense parts dark; after the window.
    max_side : int, optional
        Longest side in pixels; smaller radiographs stay as they are.
    """
    image = _reduced(pixels, max_side)
    if window is not None or invert:
        image = image.point(list(_levels(window, invert)))
    return _png(image)


def radiograph_pgm(pixels: NDArray[np.uint8], *, max_side: int | None = None) -> bytes:
    """Return a radiograph as an 8-bit PGM (Netpbm "P5"), which costs neither packing here nor unpacking there.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width)
    max_side : int, optional
        Longest side in pixels; smaller radiographs stay as they are.
    """
    image = _reduced(pixels, max_side)
    return b"P5\n%d %d\n255\n" % image.size + image.tobytes()


def _reduced(pixels: NDArray[np.uint8], max_side: int | None) -> Image.Image:
    image = Image.fromarray(pixels)
    if max_side is not None and max(image.size) > max_side:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return image


def heat_png(
    class_map: NDArray[np.float32], size: tuple[int, int], field_of_view: float, max_side: int
) -> bytes:
    """Return a heat map as an RGBA PNG of a radiograph's aspect.

    Parameters
    ----------
    class_map : ndarray of float32, shape (h, w)
    size : (int, int)
        Width and height of the radiograph in pixels.
    field_of_view : float
        Central share of each side that the map covers, in 0-1; all else is transparent.
    max_side : int
        Longest side in pixels.
    """
    scale = min(1.0, max_side / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    heat = upsample(class_map, (height, width), field_of_view)
    level = np.rint(heat * 255).astype(np.uint8)
    return _png(Image.fromarray(np.dstack([heat_colours()[level], level])))


def _levels(window: tuple[float, float] | None, invert: bool) -> NDArray[np.uint8]:
    level = np.arange(256, dtype=np.float64)
    if window is not None:
        centre, width = window[0], max(1.0, window[1])
        share = (
            (level - (centre - 0.5)) / (width - 1.0) + 0.5
            if width > 1
            else (level > centre - 0.5).astype(float)
        )
        level = np.clip(share, 0.0, 1.0) * 255.0
    shown: NDArray[np.uint8] = np.rint(255.0 - level if invert else level).astype(np.uint8)
    return shown


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
