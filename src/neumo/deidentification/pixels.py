"""Pixel data and lookup tables without a byte that they do not need."""

from typing import Final

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    RLELossless,
)

from neumo.deidentification.codestreams import bare_frame
from neumo.imaging.dicom.layout import PixelLayout, read_layout
from neumo.imaging.dicom.lookup import read_table
from neumo.imaging.dicom.rle import decode_rle
from neumo.imaging.dicom.stream import frame_of
from neumo.imaging.limits import MAX_PIXELS

_NAME: Final = "pixel data"
_TABLES: Final = (
    ("LUTDescriptor", "LUTData"),
    *(
        (f"{colour}PaletteColorLookupTableDescriptor", f"{colour}PaletteColorLookupTableData")
        for colour in ("Red", "Green", "Blue")
    ),
)


def put_bare_pixels(dataset: Dataset, kept: Dataset) -> None:
    """Write the pixel data of `dataset` into `kept`, without anything behind or beside them.

    Compressed frames are rewritten without comments; run-length coded ones are stored uncompressed. Of native samples,
    bits that do not count become copies of the sign, or 0.

    Raises
    ------
    ValueError, IndexError, UnreadableImageError
        They cannot be parsed, or hold less than they should.
    """
    syntax = UID(str(kept.file_meta.TransferSyntaxUID))
    layout = read_layout(dataset, _NAME, max_pixels=MAX_PIXELS)
    data = bytes(dataset.PixelData)
    if not syntax.is_encapsulated or syntax == DeflatedExplicitVRLittleEndian:
        _put_native(kept, _native(data, layout, big=syntax == ExplicitVRBigEndian), layout)
        return
    frame = frame_of(memoryview(data), _NAME)
    if syntax == RLELossless:
        kept.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        samples = decode_rle(frame, layout, _NAME)
        _put_native(kept, samples.astype(samples.dtype.newbyteorder("<")).tobytes(), layout)
        if layout.samples > 1:
            kept.PlanarConfiguration = 0
        return
    kept.PixelData = encapsulate([bare_frame(frame, syntax)], has_bot=False)
    kept["PixelData"].VR = "OB"
    kept["PixelData"].is_undefined_length = True


def put_bare_tables(item: Dataset, kept: Dataset, *, big: bool) -> None:
    """Replace the lookup tables of `kept` by as many numbers as those of `item` state; what is no table goes."""
    for descriptor, data in _TABLES:
        if descriptor not in kept and data not in kept:
            continue
        table = read_table(item, descriptor, data, signed=False)
        if table is None:
            for keyword in {descriptor, data} & set(kept.dir()):
                delattr(kept, keyword)
            continue
        kept.add_new(data, "OW", table.entries.astype(">u2" if big else "<u2").tobytes())


def _native(data: bytes, layout: PixelLayout, *, big: bool) -> bytes:
    if len(data) < layout.native_bytes:
        raise ValueError("the pixel data are cut")
    data = data[: layout.native_bytes]
    if layout.bits_stored == layout.bits_allocated:
        return data
    samples = np.frombuffer(data, dtype=np.uint8 if layout.bits_allocated == 8 else ">u2" if big else "<u2")
    low = layout.high_bit + 1 - layout.bits_stored
    counted = samples & samples.dtype.type(((1 << layout.bits_stored) - 1) << low)
    if layout.signed:
        above = samples.dtype.type(((1 << layout.bits_allocated) - 1) ^ ((1 << (layout.high_bit + 1)) - 1))
        negative = (samples >> samples.dtype.type(layout.high_bit)) & samples.dtype.type(1)
        counted = np.where(negative == 1, counted | above, counted)
    return bytes(counted.astype(samples.dtype).data)


def _put_native(kept: Dataset, data: bytes, layout: PixelLayout) -> None:
    implicit = kept.file_meta.TransferSyntaxUID.is_implicit_VR
    vr = "OW" if implicit or layout.bits_allocated == 16 else "OB"
    kept.add_new("PixelData", vr, data + b"\0" * (len(data) % 2))
