"""TIFF files of several channels, written by hand: Pillow writes none of 16 bits."""

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

RAW, DEFLATE = 1, 8
RGB, GREY = 2, 1
_SHORT, _LONG = "H", "I"
_TYPES: Final = {_SHORT: 3, _LONG: 4}


def tiff_of_bands(
    samples: NDArray[np.uint8] | NDArray[np.uint16],
    order: str = "<",
    *,
    photometric: int = RGB,
    planes: bool = False,
    extra: int | None = None,
    compression: int = RAW,
) -> bytes:
    """A TIFF of samples (height, width, bands); `extra` is what a band beyond colour means, 1 and 2 being alpha."""
    height, width, bands = samples.shape
    depth = samples.itemsize
    parts = np.moveaxis(samples, 2, 0) if planes else samples[None]
    strips = [np.ascontiguousarray(part.astype(f"{order}u{depth}")).tobytes() for part in parts]
    if compression == DEFLATE:
        strips = [zlib.compress(strip, 1) for strip in strips]
    at = 8 + np.cumsum([0, *(len(strip) for strip in strips)])
    entries = {
        256: (_LONG, [width]), 257: (_LONG, [height]), 258: (_SHORT, [8 * depth] * bands),
        259: (_SHORT, [compression]), 262: (_SHORT, [photometric]), 273: (_LONG, [int(start) for start in at[:-1]]),
        277: (_SHORT, [bands]), 278: (_LONG, [height]), 279: (_LONG, [len(strip) for strip in strips]),
        284: (_SHORT, [2 if planes else 1]), **({} if extra is None else {338: (_SHORT, [extra])}),
    }  # fmt: skip
    end = int(at[-1]) + int(at[-1]) % 2
    beyond, directory = b"", struct.pack(f"{order}H", len(entries))
    for tag, (kind, values) in sorted(entries.items()):
        field = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(field) > 4:
            beyond, field = beyond + field, struct.pack(f"{order}I", end + len(beyond))
        directory += struct.pack(f"{order}HHI", tag, _TYPES[kind], len(values)) + field.ljust(4, b"\0")
    begin = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", end + len(beyond))
    return (begin + b"".join(strips)).ljust(end, b"\0") + beyond + directory + struct.pack(f"{order}I", 0)
