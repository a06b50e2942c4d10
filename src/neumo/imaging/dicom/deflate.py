"""Inflates deflated DICOM files (PS3.5 section A.5), up to a limit."""

import zlib

from pydicom.uid import DeflatedExplicitVRLittleEndian

from neumo.core.errors import ImageTooLargeError, UnreadableImageError
from neumo.imaging.dicom.recognise import MAGIC, PREAMBLE, has_preamble


def deflated_from(content: bytes) -> int | None:
    """Return where the deflated part of a file begins; None where nothing is deflated."""
    start = PREAMBLE + len(MAGIC) if has_preamble(content) else 0
    deflated = False
    while content[start : start + 2] == b"\x02\x00":
        element, vr = content[start + 2 : start + 4], content[start + 4 : start + 6]
        wide = vr in {b"OB", b"OW", b"UN", b"SQ", b"UT"}
        begin = start + (12 if wide else 8)
        length = int.from_bytes(content[start + 8 : begin] if wide else content[start + 6 : begin], "little")
        value = content[begin : begin + min(length, 64)]
        if element == b"\x10\x00":
            deflated = value.rstrip(b"\0 ") == DeflatedExplicitVRLittleEndian.encode()
        start = begin + length
    return start if deflated else None


def inflated(content: bytes, start: int, limit: int, name: str) -> bytes:
    """Inflate what follows `start`.

    Raises
    ------
    ImageTooLargeError
        It grows beyond `limit` bytes.
    UnreadableImageError
        It is corrupt.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(memoryview(content)[start:], limit)
    except zlib.error as error:
        raise UnreadableImageError(
            "{name}: the deflated data set is corrupt ({error})", name=name, error=error
        ) from error
    if inflater.unconsumed_tail:
        raise ImageTooLargeError(
            "{name}: inflates to more than {limit:,} bytes; no radiograph allowed here does",
            name=name,
            limit=limit,
        )
    return data
