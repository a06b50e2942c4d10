"""Decodes PNG and JPEG to a Radiograph, with limits before anything is decoded."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from neumo.core.errors import UnreadableImageError
from neumo.core.radiograph import Radiograph, Step
from neumo.imaging.grey import TO_GREY, rgb_to_grey, sixteen_to_eight_bits
from neumo.imaging.limits import require_size
from neumo.imaging.png_length import holds_all_rows
from neumo.imaging.quiet import quiet

RASTER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_READERS: dict[bytes, type[ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"\xff\xd8\xff": JpegImageFile,
}
_SIXTEEN_BIT = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_LAYERED = frozenset({"LA", "PA", "RGBA"})
_ORIENTATION_TAG = 0x0112
_MAX_SCANS = 100
"""Every scan of a progressive JPEG passes over all its pixels; encoders write about ten."""

_Decoded = tuple[NDArray[np.uint8], bool, list[Step]]


def is_raster(content: bytes) -> bool:
    """Whether the bytes begin as a PNG or JPEG does."""
    return any(content.startswith(signature) for signature in _READERS)


def decode_raster(content: bytes, name: str, *, max_pixels: int) -> Radiograph:
    """Decode a PNG or JPEG.

    16-bit samples are scaled by their type's full range (of 16-bit colour the high bytes count, which is the same
    within one grey level), transparency is laid on black, and the EXIF orientation is applied.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What messages call it.
    max_pixels : int
        Largest width x height that is decoded.

    Returns
    -------
    Radiograph
        uint8 pixels of shape (height, width), without source and sum.

    Raises
    ------
    ImageTooLargeError
        The header declares more than `max_pixels`; nothing was decoded.
    UnreadableImageError
        The bytes are empty, truncated, corrupt or of another format.
    """
    try:
        with quiet(), open_header(BytesIO(content), name) as image:
            width, height = image.size
            require_size(name, width, height, max_pixels)
            depth = _bit_depth(image, content)
            if image.format == "JPEG":
                _require_plausible_jpeg(image, content)
            first: Step = {
                "step": "decode",
                "format": image.format,
                "mode": image.mode,
                "bit_depth": depth,
                "width": width,
                "height": height,
            }
            image.load()
            orientation = _orientation(image)
            pixels, colour, steps = _to_grey(image, depth)
            if image.format == "PNG":
                _require_all_rows(pixels, content)
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # on corrupt bytes decoders raise whatever their parsing happens to meet
        raise UnreadableImageError(
            f"{name}: cannot be decoded ({error}); the file is corrupt or truncated"
        ) from error
    if orientation != 1:
        pixels = _oriented(pixels, orientation)
        steps.append({"step": "orient", "exif": orientation})
    return Radiograph(
        pixels=pixels,
        source=None,
        original_size=(width, height),
        bit_depth=depth,
        colour=colour,
        steps=(first, *steps),
    )


def open_header(stream: BinaryIO, name: Path | str) -> ImageFile.ImageFile:
    """Read the header of a PNG or JPEG from `stream`; nothing is decoded and no size is refused.

    The readers are called directly because `Image.open` warns and refuses by process-wide settings, which
    threads cannot change safely.

    Raises
    ------
    UnreadableImageError
        The stream is empty or holds another format.
    OSError, SyntaxError, ValueError
        The header is broken.
    """
    magic = stream.read(8)
    stream.seek(0)
    for signature, reader in _READERS.items():
        if magic.startswith(signature):
            return reader(stream)
    reason = "is not a PNG or JPEG image" if magic else "is empty (0 bytes)"
    raise UnreadableImageError(f"{name}: {reason}")


def _bit_depth(image: ImageFile.ImageFile, content: bytes) -> int:
    if image.format != "PNG":
        return 8
    if content[12:16] != b"IHDR":
        raise ValueError("the first chunk is not IHDR")
    return content[24]


def _require_plausible_jpeg(image: ImageFile.ImageFile, content: bytes) -> None:
    """Refuse what would keep the decoder busy, or fill memory, far beyond what the file holds."""
    if content.count(b"\xff\xda") > _MAX_SCANS:
        raise ValueError(f"more than {_MAX_SCANS} scans")
    blocks = -(-image.width // 8) * -(-image.height // 8)
    if 8 * len(content) < blocks:
        raise ValueError(f"{len(content):,} bytes cannot hold {image.width} x {image.height} pixels")


def _require_all_rows(pixels: NDArray[np.uint8], content: bytes) -> None:
    """Refuse a PNG whose stream ends early; only where the last row could be missing does it have to be counted.

    Missing rows are black, or of the first colour of a palette.
    """
    interlaced, palette = content[28] != 0, content[25] == 3
    complete = not interlaced and not palette and pixels[-1].any()
    if not complete and not holds_all_rows(content):
        raise ValueError("the image data end before the last row")


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken metadata beside good pixels: the pixels are shown as they are
        return 1
    return orientation if orientation in range(1, 9) else 1


def _oriented(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation 2-8 (Exif 2.32, tag 0x0112): 5-8 swap the axes, then rows or columns are reversed."""
    if orientation >= 5:
        pixels = pixels.T
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _to_grey(image: Image.Image, depth: int) -> _Decoded:
    if image.mode in _SIXTEEN_BIT:
        return _grey_of_sixteen_bits(image)
    if image.mode in {"1", "L"}:
        return _grey_of_one_channel(image, depth)
    steps: list[Step] = []
    if image.mode in _LAYERED or "transparency" in image.info:
        image = _on_black(image, depth)
        steps.append({"step": "transparency", "background": 0})
    pixels, colour = rgb_to_grey(image if image.mode == "RGB" else image.convert("RGB"))
    return pixels, colour, [*steps, TO_GREY]


def _grey_of_sixteen_bits(image: Image.Image) -> _Decoded:
    samples = np.asarray(image).astype(np.uint16)
    pixels = sixteen_to_eight_bits(samples)
    steps: list[Step] = [{"step": "scale", "low": 0, "high": 65535}]
    transparent = image.info.get("transparency")
    if transparent is not None:
        pixels[samples == transparent] = 0
        steps.append({"step": "transparency", "value": int(transparent), "background": 0})
    return pixels, False, steps


def _grey_of_one_channel(image: Image.Image, depth: int) -> _Decoded:
    pixels = np.array(image.convert("L") if image.mode == "1" else image, dtype=np.uint8)
    transparent = image.info.get("transparency")
    if transparent is None:
        return pixels, False, []
    if depth in {2, 4}:  # Pillow widens these samples to 8 bits, but not the value that is transparent
        transparent = transparent * 255 // (2**depth - 1)
    pixels[pixels == transparent] = 0
    return pixels, False, [{"step": "transparency", "value": int(transparent), "background": 0}]


def _on_black(image: Image.Image, depth: int) -> Image.Image:
    transparent = image.info.get("transparency")
    if depth == 16 and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(sample >> 8 for sample in transparent)
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)
