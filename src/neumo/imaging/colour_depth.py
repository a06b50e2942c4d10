"""Reads 16-bit PNG and TIFF in colour, or with transparency, at full depth; Pillow keeps the high bytes alone."""

import sys
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

Samples = NDArray[np.uint16]

_GREY_ALPHA: Final = 4
_LOW_BYTES: Final = {2: "RGB;16L", _GREY_ALPHA: "RGBA", 6: "RGBA;16L"}
"""Raw mode by colour type (PNG specification, 11.2.2): of the other byte order, so that Pillow keeps the low bytes;
with one channel beside alpha, all four bytes of a pixel."""
_OTHER_ORDER: Final = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
_TIFF_MODES: Final = frozenset({"RGB", "RGBX", "RGBA", "RGBa"})


def has_deep_colour(image: Image.Image, depth: int) -> bool:
    """Whether Pillow decodes an image, of `depth` bits, to less than it holds, and `sixteen_bit_samples` reads it."""
    if depth != 16 or image.mode not in {"RGB", "RGBA", "LA"}:
        return False
    return image.format in {"PNG", "TIFF"}


def sixteen_bit_samples(image: Image.Image, content: bytes) -> tuple[Samples, NDArray[np.bool_] | None]:
    """Give the samples of a decoded PNG or TIFF of 16 bits, with what is transparent laid on black.

    Parameters
    ----------
    image : Image
        As Pillow decoded it: the high bytes.
    content : bytes
        The whole file.

    Returns
    -------
    samples : ndarray of uint16, shape (height, width) or (height, width, 3)
    transparent : ndarray of bool, shape (height, width), or None
        Where nothing is seen; None where the image has no transparency.
    """
    if image.format == "TIFF":
        return _of_tiff(content)
    from PIL.PngImagePlugin import PngImageFile  # which other formats need not load

    kind = content[25]
    low = _decoded(PngImageFile(BytesIO(content)), _LOW_BYTES[kind])
    if kind == _GREY_ALPHA:
        return _on_black(_joined(low[:, :, 0], low[:, :, 1]), _joined(low[:, :, 2], low[:, :, 3]))
    samples = _joined(np.asarray(image), low)
    if samples.shape[2] == 4:
        return _on_black(samples[:, :, :3], samples[:, :, 3])
    key = image.info.get("transparency")
    if not isinstance(key, tuple):
        return samples, None
    transparent = (samples == np.array(key)).all(axis=2)
    samples[transparent] = 0
    return samples, transparent


def _of_tiff(content: bytes) -> tuple[Samples, NDArray[np.bool_] | None]:
    from neumo.imaging.tiff_grey_alpha import GreyAlphaTiff, open_tiff  # which others need not load

    stream = open_tiff(BytesIO(content))
    if isinstance(stream, GreyAlphaTiff):
        grey, transparency, multiplied = stream.grey_and_alpha()
        if transparency is None:
            return grey, None
        return (grey, transparency == 0) if multiplied else _on_black(grey, transparency)
    args: Any = stream.tile[0].args
    channels, order = args[0].split(";16")
    if channels not in _TIFF_MODES:
        raise ValueError(f"samples of 16 bits as {channels}")
    mode = channels.upper()  # what is multiplied by its alpha ("RGBa") lies on black as it is stored
    high = _decoded(stream, f"{mode};16{order}")
    samples = _joined(high, _decoded(open_tiff(BytesIO(content)), f"{mode};16{_OTHER_ORDER[order]}"))
    if samples.shape[2] == 3:
        return samples, None
    colour, alpha = samples[:, :, :3], samples[:, :, 3]
    return (colour, alpha == 0) if channels == "RGBa" else _on_black(colour, alpha)


def _decoded(stream: ImageFile.ImageFile, raw_mode: str) -> NDArray[np.uint8]:
    stream.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in stream.tile
    ]
    return np.asarray(stream)


def _on_black(samples: Samples, alpha: Samples) -> tuple[Samples, NDArray[np.bool_]]:
    share = alpha.astype(np.uint32)
    bands = samples if samples.ndim == 3 else samples[:, :, None]
    laid = np.dstack([(bands[:, :, at] * share // 65535).astype(np.uint16) for at in range(bands.shape[2])])
    return laid if samples.ndim == 3 else laid[:, :, 0], alpha == 0


def _joined(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> Samples:
    return high.astype(np.uint16) << np.uint16(8) | low
