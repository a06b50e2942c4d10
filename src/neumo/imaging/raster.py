"""Decodes raster images (PNG, JPEG, TIFF, BMP, WebP, AVIF) to a Radiograph, with limits before anything is decoded."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.core.faults import require_memory
from neumo.core.radiograph import Radiograph, Step
from neumo.imaging.colour_depth import has_deep_colour, sixteen_bit_samples
from neumo.imaging.depth import Table
from neumo.imaging.grey import (
    TO_GREY,
    TRANSPARENCY,
    grey_of_deep_colour,
    grey_of_sixteen_bits,
    rgb_to_grey,
)
from neumo.imaging.jpeg_header import read_jpeg_header
from neumo.imaging.limits import require_size
from neumo.imaging.png_length import holds_all_rows
from neumo.imaging.quiet import quiet
from neumo.imaging.raster_floods import require_few_pieces
from neumo.imaging.raster_formats import (
    RASTER_NAMES,
    bit_depth,
    is_inverted,
    open_reader,
    orientation_to_come,
    raster_format,
    require_supported,
    stored_size,
    without_premultiplication,
)
from neumo.imaging.reduction import reduction

_SIXTEEN_BIT = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_LAYERED = frozenset({"LA", "PA", "RGBA"})
_ORIENTATION_TAG = 0x0112
_BYTES_PER_PIXEL = 8
_UNKNOWN_KINDS = frozenset({"unknown pixel mode"})
"""Pillow's messages for sound files whose sample format it cannot decode."""
_MAX_SCANS = 100
"""Every scan of a progressive JPEG passes over all its pixels; encoders write about ten."""


@dataclass(frozen=True)
class _Grey:
    """A decoded image in grey: 8 bits, full depth where there is more, whether it held colour, and the steps taken."""

    pixels: NDArray[np.uint8]
    deep: NDArray[np.uint16] | None
    colour: bool
    steps: list[Step]


def is_raster(content: bytes) -> bool:
    """Whether the bytes begin as a raster image does that is read."""
    return raster_format(content) is not None


def decode_raster(content: bytes, name: str, *, max_pixels: int, enough: int | None = None) -> Radiograph:
    """Decode a raster image.

    Grey of more than 8 bits keeps its depth, transparency is laid on black, and the orientation (EXIF, TIFF) is
    applied. Where 0 is white (TIFF), grey levels are turned round.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What messages call it.
    max_pixels : int
        Largest width x height that is decoded.
    enough : int, optional
        Pixels a side that are needed: a JPEG may be decoded smaller as far as it keeps them.

    Returns
    -------
    Radiograph
        uint8 pixels of shape (height, width), without source and sum.

    Raises
    ------
    ImageTooLargeError
        The header declares more than `max_pixels`; nothing was decoded.
    UnsupportedImageError
        It holds several images, or samples that are signed, floating-point or of more than 16 bits; or is a JPEG of a
        kind that is rare outside of DICOM.
    UnreadableImageError
        The bytes are empty, truncated, corrupt or of another format.
    MemoryError
        There is not memory enough to decode it.
    """
    try:
        require_few_pieces(content, name)
        with quiet(), open_header(BytesIO(content), name) as image:
            width, height = stored_size(image)
            require_size(name, width, height, max_pixels)
            require_supported(image, name)
            depth = bit_depth(image, content)
            if image.format == "JPEG":
                _require_plausible_jpeg(image, content)
            first: Step = {
                "step": "decode",
                "format": image.format,
                "mode": image.mode,
                "bit_depth": depth,
                "width": width,
                "height": height,
                **_reduced(image, enough),
            }
            turned = orientation_to_come(image)
            image.load()
            orientation = _orientation(image) if turned == 1 else 1
            grey = _to_grey(image, depth, content)
            if image.format == "PNG":
                _require_all_rows(grey.pixels, content)
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # on corrupt bytes decoders raise whatever their parsing happens to meet
        _raise_if_intact(content, name, error)
        raise UnreadableImageError(
            "{name}: cannot be decoded ({error}); the file is corrupt or truncated", name=name, error=error
        ) from error
    pixels, deep, steps = grey.pixels, grey.deep, grey.steps
    if orientation != 1:
        pixels, deep = _oriented(pixels, orientation), None if deep is None else _oriented(deep, orientation)
    if max(orientation, turned) != 1:
        steps.append({"step": "orient", "exif": max(orientation, turned)})
    return Radiograph(
        pixels=pixels,
        deep=deep,
        source=None,
        original_size=(width, height),
        bit_depth=depth,
        colour=grey.colour,
        steps=(first, *steps),
    )


def _reduced(image: ImageFile.ImageFile, enough: int | None) -> Step:
    """Have a JPEG decoded smaller where that is allowed, by scaled inverse transforms; return what the step states."""
    factor = reduction(*image.size, enough) if image.format == "JPEG" else 1
    if factor == 1:
        return {}
    image.draft(None, (image.width // factor, image.height // factor))
    return {"reduction": factor}


def _raise_if_intact(content: bytes, name: str, error: Exception) -> None:
    """Raise what else than a corrupt file may have made its decoder fail: its kind, or too little memory."""
    if str(error) in _UNKNOWN_KINDS:
        raise UnsupportedImageError(
            "{name}: holds samples of a kind that is not read; save it in grey, with 8 or 16 bits", name=name
        ) from error
    try:
        with open_header(BytesIO(content), name) as image:
            require_memory(_BYTES_PER_PIXEL * image.width * image.height)
    except MemoryError:
        raise
    except Exception:  # as when it was opened before
        require_memory(len(content))
    try:
        kind = read_jpeg_header(content).unusual
    except (ValueError, IndexError):
        return
    if kind is not None:
        raise UnsupportedImageError(
            "{name}: is a {kind} image, which is not read outside of DICOM; store it as DICOM or PNG",
            name=name,
            kind=kind,
        )


def open_header(stream: BinaryIO, name: Path | str) -> ImageFile.ImageFile:
    """Read the header of a raster image from `stream`; nothing is decoded.

    The readers are called directly because `Image.open` warns and refuses by process-wide settings, which
    threads cannot change safely.

    Raises
    ------
    ImageTooLargeError
        Its header cannot be read without allocating more pixels than are ever allowed.
    UnreadableImageError
        The stream is empty or holds another format.
    OSError, SyntaxError, ValueError
        The header is broken.
    """
    image = open_reader(stream, str(name))
    if image is not None:
        return image
    if not stream.read(1):
        raise UnreadableImageError("{name}: is empty (0 bytes)", name=name)
    raise UnreadableImageError("{name}: is no {formats} image", name=name, formats=RASTER_NAMES)


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


def _oriented(pixels: Table, orientation: int) -> Table:
    """Undo an EXIF orientation 2-8 (Exif 2.32, tag 0x0112): 5-8 swap the axes, then rows or columns are reversed."""
    if orientation >= 5:
        pixels = pixels.T
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _to_grey(image: Image.Image, depth: int, content: bytes) -> _Grey:
    if image.mode in _SIXTEEN_BIT:
        return _grey_of_sixteen_bits(image, depth)
    if has_deep_colour(image, depth):
        return _grey_of_sixteen_bit_bands(image, content)
    image = without_premultiplication(image)
    if image.mode in {"1", "L"}:
        return _grey_of_one_channel(image, depth)
    steps = []
    if image.mode in _LAYERED or "transparency" in image.info:
        image = _on_black(image)
        steps.append(TRANSPARENCY)
    pixels, colour = rgb_to_grey(image if image.mode == "RGB" else image.convert("RGB"))
    return _Grey(pixels, None, colour, [*steps, TO_GREY])


def _grey_of_sixteen_bits(image: Image.Image, depth: int) -> _Grey:
    samples = np.asarray(image).astype(np.uint16)
    steps: list[Step] = []
    if isinstance(image, ImageFile.ImageFile) and is_inverted(image):
        samples = np.uint16(2**depth - 1) - samples
        steps.append({"step": "invert"})
    bits = depth if depth < 16 else None
    pixels, deep, taken = grey_of_sixteen_bits(samples, image.info.get("transparency"), bits=bits)
    return _Grey(pixels, deep, False, [*steps, *taken])


def _grey_of_sixteen_bit_bands(image: Image.Image, content: bytes) -> _Grey:
    """Grey of a 16-bit file that has several channels."""
    samples, transparent = sixteen_bit_samples(image, content)
    if samples.ndim == 3:
        return _Grey(*grey_of_deep_colour(samples, transparent))
    pixels, deep, taken = grey_of_sixteen_bits(samples)
    return _Grey(pixels, deep, False, taken if transparent is None else [TRANSPARENCY, *taken])


def _grey_of_one_channel(image: Image.Image, depth: int) -> _Grey:
    pixels = np.array(image.convert("L") if image.mode == "1" else image, dtype=np.uint8)
    transparent = image.info.get("transparency")
    if transparent is None:
        return _Grey(pixels, None, False, [])
    if depth in {2, 4}:  # Pillow widens these samples to 8 bits, but not the value that is transparent
        transparent = transparent * 255 // (2**depth - 1)
    pixels[pixels == transparent] = 0
    steps: list[Step] = [{"step": "transparency", "value": int(transparent), "background": 0}]
    return _Grey(pixels, None, False, steps)


def _on_black(image: Image.Image) -> Image.Image:
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)
