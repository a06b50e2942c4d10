"""RLE Lossless (PS3.5 annex G), bounded: a segment never grows beyond the pixels that the header declares."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.errors import UnreadableImageError
from neumo.imaging.dicom.layout import PixelLayout

_HEADER = 64


def decode_rle(frame: bytes, layout: PixelLayout, name: str) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Decode an RLE frame.

    A segment is a byte plane packed as PackBits; Pillow's decoder for that stops at the size it is told.

    Parameters
    ----------
    frame : bytes
        The frame with its header of 16 little-endian numbers.
    layout : PixelLayout
        What the data set declares.
    name : str
        What messages call the file.

    Returns
    -------
    ndarray of uint8 or uint16, shape (rows, columns) or (rows, columns, 3)

    Raises
    ------
    UnreadableImageError
        The segments are not those that the layout needs, or are cut.
    """
    width = layout.bits_allocated // 8
    needed = layout.samples * width
    numbers = np.frombuffer(frame[:_HEADER].ljust(_HEADER, b"\0"), dtype="<u4")
    starts = [int(start) for start in numbers[1 : needed + 1]]
    ends = [*starts[1:], len(frame)]
    if numbers[0] != needed or any(
        not _HEADER <= start < end for start, end in zip(starts, ends, strict=True)
    ):
        raise UnreadableImageError(
            "{name}: the RLE header does not describe {needed} segments; the file is corrupt or truncated",
            name=name,
            needed=needed,
        )
    count = layout.rows * layout.columns
    samples = np.zeros((count, layout.samples), dtype=np.uint16 if width == 2 else np.uint8)
    for plane, (start, end) in enumerate(zip(starts, ends, strict=True)):
        unpacked = _unpack(frame[start:end], count, name)
        sample, byte = divmod(plane, width)
        samples[:, sample] |= unpacked.astype(samples.dtype) << (8 * (width - 1 - byte))
    return samples.reshape(layout.shape)


def _unpack(segment: bytes, count: int, name: str) -> NDArray[np.uint8]:
    try:
        line = Image.frombytes("L", (count, 1), segment, "packbits", "L")
    except (ValueError, OSError) as error:
        raise UnreadableImageError(
            "{name}: an RLE segment is cut; the file is corrupt or truncated", name=name
        ) from error
    return np.array(line, dtype=np.uint8).reshape(count)
