"""Decodes a parsed DICOM file to a Radiograph."""

from dataclasses import replace

import numpy as np

from neumo.core.errors import ChildError, UnreadableImageError
from neumo.core.faults import require_memory
from neumo.core.radiograph import Radiograph, Step
from neumo.imaging.depth import Raw, may_hold_padding
from neumo.imaging.dicom.colour import grey_of_colour
from neumo.imaging.dicom.facts import read_facts
from neumo.imaging.dicom.frame import Decoded, Samples, decode_samples, decoder_justifies, require_pixels
from neumo.imaging.dicom.greyscale import declares_padding, grey_levels, stored_values
from neumo.imaging.dicom.layout import GREY, PixelLayout, read_layout
from neumo.imaging.dicom.parse import Parsed, PixelElement
from neumo.imaging.quiet import quiet


def decode_dicom(parsed: Parsed, name: str, *, max_pixels: int, enough: int | None = None) -> Radiograph:
    """Decode a parsed DICOM file of one frame, in grey or in colour.

    Parameters
    ----------
    parsed : Parsed
    name : str
        What messages call it.
    max_pixels : int
        Largest Rows x Columns that is decoded.
    enough : int, optional
        Pixels a side that are needed: grey in JPEG and JPEG 2000 may be decoded smaller as far as it keeps them. Never
        where padding is declared or found, whose edge would be averaged into the image.

    Returns
    -------
    Radiograph
        uint8 pixels of shape (rows, columns), bright = dense, with the facts of the header; without source and sum.

    Raises
    ------
    ImageTooLargeError
        The header claims more than `max_pixels`; nothing was decoded.
    UnsupportedImageError
        An intact file that is no single image of 8-16 bits, or is compressed in a way that is not read.
    UnreadableImageError
        The file is truncated or corrupt.
    """
    with quiet():
        try:
            return _decode(parsed, name, max_pixels, enough)
        except (UnreadableImageError, MemoryError):
            raise
        except Exception as error:  # a header may be invalid anywhere; the message may quote the patient
            require_memory(len(parsed.pixels.value) if parsed.pixels is not None else 0)
            raise UnreadableImageError(
                "{name}: cannot be decoded ({kind}); the DICOM file is corrupt or truncated",
                name=name,
                kind=type(error).__name__,
            ) from error


def _decode(parsed: Parsed, name: str, max_pixels: int, enough: int | None) -> Radiograph:
    pixels_stored = require_pixels(parsed, name)
    layout = read_layout(parsed.dataset, name, max_pixels=max_pixels)
    decoded = _decoded(pixels_stored, parsed, layout, name, enough)
    if decoder_justifies(parsed.transfer_syntax):
        layout = replace(layout, high_bit=layout.bits_stored - 1)
    raw = _as_unsigned(decoded.samples)
    if layout.photometric in GREY:
        pixels, deep, steps = grey_levels(raw, layout, parsed.dataset)
        colour = False
    else:
        pixels, deep, colour, steps = grey_of_colour(raw, layout, parsed.dataset, name)
    return Radiograph(
        pixels=pixels,
        source=None,
        original_size=(layout.columns, layout.rows),
        bit_depth=layout.bits_stored,
        colour=colour,
        facts=read_facts(parsed.dataset),
        steps=(_decoding(parsed, layout, decoded), *steps),
        deep=deep,
    )


def _decoded(
    pixels: PixelElement, parsed: Parsed, layout: PixelLayout, name: str, enough: int | None
) -> Decoded:
    """Decode as much as is needed; in full where less cannot be decoded, or would hide padding."""
    if enough is not None and not declares_padding(parsed.dataset):
        try:
            smaller = decode_samples(pixels, parsed.transfer_syntax, layout, name, enough)
        except UnreadableImageError as error:
            if isinstance(error.__cause__, ChildError):  # which took time or memory enough
                raise
        else:
            codes = stored_values(replace(layout, high_bit=layout.bits_stored - 1))
            if smaller.reduction == 1 or not may_hold_padding(_as_unsigned(smaller.samples), codes):
                return smaller
    return decode_samples(pixels, parsed.transfer_syntax, layout, name)


def _as_unsigned(samples: Samples) -> Raw:
    native = np.ascontiguousarray(samples.astype(samples.dtype.newbyteorder("="), copy=False))
    return native.view(np.uint8) if native.itemsize == 1 else native.view(np.uint16)


def _decoding(parsed: Parsed, layout: PixelLayout, decoded: Decoded) -> Step:
    return {
        "step": "decode",
        "format": "DICOM",
        "transfer_syntax": str(parsed.stated_syntax),
        "decoder": decoded.decoder,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "high_bit": layout.high_bit,
        "signed": layout.signed,
        "width": layout.columns,
        "height": layout.rows,
        **({"reduction": decoded.reduction} if decoded.reduction > 1 else {}),
    }
