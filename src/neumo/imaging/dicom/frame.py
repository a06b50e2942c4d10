"""Decodes the stored samples of a DICOM file, with one fixed library for each transfer syntax.

One decoder per syntax, not the first that happens to succeed: the same bytes must give the same pixels wherever they
are read again.
"""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    RLELossless,
)

from neumo.core.errors import UnreadableImageError, UnsupportedImageError
from neumo.core.faults import require_memory
from neumo.core.message import Message
from neumo.imaging.dicom.decoder_process import decode_in_child
from neumo.imaging.dicom.layout import GREY, YBR, PixelLayout
from neumo.imaging.dicom.parse import Parsed, PixelElement
from neumo.imaging.dicom.rle import decode_rle
from neumo.imaging.dicom.stream import (
    JPEG,
    JPEG_2000,
    JPEG_LS,
    StreamHeader,
    bare_codestream,
    frame_of,
    require_agreement,
    until_end,
)
from neumo.imaging.reduction import reduction

_NATIVE = frozenset({ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian})

Samples = NDArray[Any]
"""uint8, int8, uint16 or int16, shape (rows, columns) or, as RGB, (rows, columns, 3)."""


def require_pixels(parsed: Parsed, name: str) -> PixelElement:
    """Give the element that holds the pixels.

    Raises
    ------
    UnsupportedImageError
        There is none, or it holds floating-point numbers.
    """
    if parsed.pixels is None:
        raise UnsupportedImageError(
            "{name}: holds no pixel data; it is a DICOM file of another kind, or was truncated", name=name
        )
    if parsed.pixels.floating:
        raise UnsupportedImageError(
            "{name}: holds floating-point pixels; no radiograph is stored so", name=name
        )
    return parsed.pixels


def decoder_justifies(syntax: UID) -> bool:
    """Whether decoding moves the bits that count to the low end, wherever High Bit says they lie."""
    return syntax not in _NATIVE and syntax != RLELossless


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded pixel data.

    Attributes
    ----------
    samples : ndarray of uint8, int8, uint16 or int16, shape (rows, columns) or (rows, columns, 3)
        As stored: bits above Bits Stored may hold anything.
    decoder : str
        The library that decoded.
    reduction : int
        By how much each side is smaller than stored, rounded up; 1 where every pixel was decoded.
    """

    samples: Samples
    decoder: str
    reduction: int = 1


def decode_samples(
    pixels: PixelElement, syntax: UID, layout: PixelLayout, name: str, enough: int | None = None
) -> Decoded:
    """Decode the pixel data, colour to RGB.

    Parameters
    ----------
    pixels : PixelElement
    syntax : UID
        Of the transfer syntax.
    layout : PixelLayout
    name : str
        What messages call the file.
    enough : int, optional
        Pixels a side that are needed: grey in JPEG and JPEG 2000 may be decoded smaller as far as it keeps them.

    Raises
    ------
    UnsupportedImageError
        They are compressed in a way that is not read.
    UnreadableImageError
        They are truncated or corrupt.
    """
    if pixels.encapsulated == (syntax in _NATIVE):
        raise UnreadableImageError(
            "{name}: the transfer syntax {syntax} does not match its pixel data; the header is corrupt",
            name=name,
            syntax=_shown(syntax),
        )
    if syntax in _NATIVE:
        _require_all_bytes(pixels, layout, name)
        return Decoded(_by_pydicom(bytes(pixels.value), syntax, layout, "", name, vr=pixels.vr), "pydicom")
    if syntax == RLELossless:
        samples: Samples = decode_rle(frame_of(pixels.value, name), layout, name)
        return Decoded(
            convert_color_space(samples, "YBR_FULL", "RGB") if _is_ybr(layout) else samples, "pillow"
        )
    decoder = _decoder_of(syntax, name)
    frame = frame_of(pixels.value, name)
    header = require_agreement(frame, syntax, layout, name)
    frame = until_end(frame, syntax, name)
    if syntax == JPEGExtended12Bit and header.precision > 8:
        decoder = "gdcm"
    if decoder == "openjpeg":
        if layout.samples > 1 and header.precision > 8:  # Pillow's highest levels become 0
            raise UnsupportedImageError(
                "{name}: JPEG 2000 colour of {precision} bits is not read; store it in grey, or with 8 bits",
                name=name,
                precision=header.precision,
            )
        frame = bare_codestream(frame)
    factor = _reduction_of(header, layout, decoder, enough)
    smaller = replace(layout, rows=-(-layout.rows // factor), columns=-(-layout.columns // factor))
    if decoder in {"gdcm", "openjpeg"}:
        request = {**_request(syntax, smaller, header), "reduction": factor}
        return Decoded(
            _samples(decode_in_child(decoder, frame, request, name), smaller, name), decoder, factor
        )
    if factor > 1:
        return Decoded(_reduced_jpeg(frame, smaller, factor, name), decoder, factor)
    return Decoded(_by_pydicom(frame, syntax, layout, decoder, name), decoder)


def _reduction_of(header: StreamHeader, layout: PixelLayout, decoder: str, enough: int | None) -> int:
    """Return by how much each side may be divided. Bits that do not count would be averaged into those that do."""
    if (
        decoder not in {"pillow", "openjpeg"}
        or layout.photometric not in GREY
        or header.precision > layout.bits_stored
    ):
        return 1
    return reduction(layout.columns, layout.rows, enough, largest=header.largest_reduction)


def _reduced_jpeg(frame: bytes, smaller: PixelLayout, factor: int, name: str) -> Samples:
    try:
        with JpegImageFile(BytesIO(frame)) as image:
            image.draft(None, (image.width // factor, image.height // factor))
            samples: Samples = np.array(image)
    except Exception as error:  # on corrupt bytes decoders raise whatever they happen to meet
        raise _undecodable(error, smaller, name) from error
    return samples.reshape(smaller.shape)


def _require_all_bytes(pixels: PixelElement, layout: PixelLayout, name: str) -> None:
    held = len(pixels.value)
    times, rest = divmod(held, layout.native_bytes)
    if times > 1 and rest <= 1:
        raise UnsupportedImageError(
            "{name}: its pixel data are {times} times as long as {columns} x {rows} pixels; they hold several frames, "
            "or the header is wrong",
            name=name,
            times=times,
            columns=layout.columns,
            rows=layout.rows,
        )
    if held < layout.native_bytes:
        what = Message("the file is truncated") if held < pixels.stated else Message("the header is corrupt")
        raise UnreadableImageError(
            "{name}: {columns} x {rows} pixels need {native_bytes:,} bytes, but {held:,} are there; {what}",
            name=name,
            columns=layout.columns,
            rows=layout.rows,
            native_bytes=layout.native_bytes,
            held=held,
            what=what,
        )


def _decoder_of(syntax: UID, name: str) -> str:
    if syntax in JPEG:
        return "pillow" if syntax in {JPEGBaseline8Bit, JPEGExtended12Bit} else "gdcm"
    if syntax in JPEG_LS:
        return "pyjpegls"
    if syntax in JPEG_2000:
        return "openjpeg"
    raise UnsupportedImageError(
        "{name}: the transfer syntax {syntax} is not read; store it uncompressed or as JPEG, "
        "JPEG-LS, JPEG 2000 or RLE",
        name=name,
        syntax=_shown(syntax),
    )


def _shown(syntax: UID) -> str:
    text = "".join(c for c in str(syntax) if c.isprintable())[:64]
    return f"{UID(text).name} ({text})" if UID(text).name != text else text


def _is_ybr(layout: PixelLayout) -> bool:
    return layout.photometric in YBR


def _by_pydicom(
    source: bytes, syntax: UID, layout: PixelLayout, plugin: str, name: str, *, vr: str | None = None
) -> Samples:
    if syntax not in _NATIVE:
        source = _encapsulated(source)
    elif len(source) > layout.native_bytes:
        source = source[: layout.native_bytes + layout.native_bytes % 2]
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": layout.planar,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    if syntax in _NATIVE:
        options["correct_unused_bits"] = False
        options["pixel_vr"] = vr or "OW"
    try:
        samples, _ = get_decoder(syntax).as_array(source, index=0, decoding_plugin=plugin, **options)
    except Exception as error:  # on corrupt bytes decoders raise whatever they happen to meet
        raise _undecodable(error, layout, name) from error
    return samples


def _undecodable(error: Exception, layout: PixelLayout, name: str) -> UnreadableImageError:
    """Return the error for pixels that a decoder failed at. Raises MemoryError where memory was too little for it."""
    require_memory(4 * layout.sample_bytes)
    said = " ".join(str(error).split())[:200]
    return UnreadableImageError(
        "{name}: the pixel data cannot be decoded ({said}); the file is corrupt or truncated",
        name=name,
        said=said,
    )


def _encapsulated(frame: bytes) -> bytes:
    """One fragment behind an empty offset table, as pydicom's decoders take it."""
    padded = frame if len(frame) % 2 == 0 else frame + b"\0"
    item = b"\xfe\xff\x00\xe0"
    return b"".join(
        (item, b"\0\0\0\0", item, len(padded).to_bytes(4, "little"), padded, b"\xfe\xff\xdd\xe0\0\0\0\0")
    )


def _request(syntax: UID, layout: PixelLayout, header: StreamHeader) -> dict[str, Any]:
    """Return the request to `neumo.imaging.dicom.decoder_child` for a frame."""
    return {
        "syntax": str(syntax),
        "photometric": layout.photometric,
        "rows": layout.rows,
        "columns": layout.columns,
        "samples": layout.samples,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "signed": layout.signed,
        "precision": header.precision,
        "stream_signed": header.signed,
    }


def _samples(content: bytes, layout: PixelLayout, name: str) -> Samples:
    if len(content) != layout.sample_bytes:
        raise UnreadableImageError(
            "{name}: the pixel data cannot be decoded; the file is corrupt or truncated", name=name
        )
    samples: Samples = np.frombuffer(content, dtype="<u2" if layout.bits_allocated == 16 else np.uint8)
    samples = samples.reshape(layout.shape)
    return convert_color_space(samples, "YBR_FULL", "RGB") if _is_ybr(layout) else samples
