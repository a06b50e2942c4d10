"""Rewrites compressed frames without what decoding does not need: comments, application segments, what follows the end.

Only segments that are known to matter are copied, and only as long as what they state; everything else goes.
"""

from collections.abc import Callable, Iterator
from typing import Final

from pydicom.uid import UID

from neumo.imaging.dicom.jpeg_segments import START_OF_SCAN, segments
from neumo.imaging.dicom.stream import JPEG, JPEG_2000, JPEG_LS, bare_codestream

_EOI, _DNL = 0xD9, 0xDC
_DHT, _DQT, _DRI, _LSE, _ADOBE, _ARITHMETIC = 0xC4, 0xDB, 0xDD, 0xF8, 0xEE, 0xCC
_FRAMES: Final = frozenset({*range(0xC0, 0xD0), 0xF7}) - {_DHT, 0xC8, _ARITHMETIC}
_ADOBE_BYTES: Final = 12

_SOC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9
_NEEDED: Final = frozenset(
    {0xFF51, 0xFF50, 0xFF59, 0xFF52, 0xFF53, 0xFF5E, 0xFF5C, 0xFF5D, 0xFF5F, 0xFF60, 0xFF61}
)
"""SIZ, CAP, CPF, COD, COC, RGN, QCD, QCC, POC, PPM, PPT (ITU-T T.800 table A.2, T.814)."""
_TILE_PART_BYTES: Final = 12


def bare_frame(frame: bytes, syntax: UID) -> bytes:
    """Return a compressed frame of the same samples, of an even number of bytes.

    Parameters
    ----------
    frame : bytes
        JPEG, JPEG-LS or JPEG 2000.
    syntax : UID

    Raises
    ------
    ValueError, IndexError
        It cannot be parsed, or is of another kind.
    """
    if syntax in JPEG or syntax in JPEG_LS:
        bare = b"".join(_jpeg_parts(frame, ls=syntax in JPEG_LS))
    elif syntax in JPEG_2000:
        bare = _jpeg_2000(bare_codestream(frame))
    else:
        raise ValueError("no such codestream is rewritten")
    return bare + b"\0" * (len(bare) % 2)


def _jpeg_parts(stream: bytes, *, ls: bool) -> Iterator[bytes]:
    yield stream[:2]
    for marker, begin, end in segments(stream, ls=ls):
        if marker == 0:
            yield stream[begin:end]
        elif marker == _EOI:
            yield bytes((0xFF, _EOI))
        else:
            kept = _needed(marker, stream[begin:end])
            if kept is not None:
                yield bytes((0xFF, marker)) + (len(kept) + 2).to_bytes(2, "big") + kept


def _needed(marker: int, body: bytes) -> bytes | None:
    """Return the parameters of a segment, without anything behind them; None for one that decoding does not need."""
    if marker in _FRAMES:
        return body[: 6 + 3 * body[5]]
    stated = _STATED.get(marker)
    return None if stated is None else stated(body)


def _tables(body: bytes, size_at: Callable[[int], int]) -> bytes:
    position = 0
    while position < len(body):
        size = size_at(position)
        if position + size > len(body):
            break
        position += size
    return body[:position]


def _preset(body: bytes) -> bytes:
    """JPEG-LS preset parameters (ITU-T T.87 section C.2.4.1): coding parameters or mapping tables."""
    return body[:11] if body[0] == 1 else body


def _colour_transform(body: bytes) -> bytes | None:
    """Adobe's segment with the colour transform alone."""
    if body[:5] != b"Adobe" or len(body) < _ADOBE_BYTES:
        return None
    return b"Adobe\0\x64" + bytes(4) + body[11:12]


_STATED: Final[dict[int, Callable[[bytes], bytes | None]]] = {
    START_OF_SCAN: lambda body: body[: 4 + 2 * body[0]],
    _DHT: lambda body: _tables(body, lambda at: 17 + sum(body[at + 1 : at + 17])),
    _DQT: lambda body: _tables(body, lambda at: 1 + 64 * (2 if body[at] >> 4 else 1)),
    _DRI: lambda body: body[:2],
    _DNL: lambda body: body[:2],
    _LSE: _preset,
    _ARITHMETIC: lambda body: body,
    _ADOBE: _colour_transform,
}
"""Functions that return the parameters of each kind of segment."""


def _jpeg_2000(stream: bytes) -> bytes:
    if _marker(stream, 0) != _SOC:
        raise ValueError("no start of codestream")
    parts, position = _header_segments(stream, 2, _SOT)
    out = [_SOC.to_bytes(2, "big"), *parts]
    while _marker(stream, position) == _SOT:
        length = int.from_bytes(stream[position + 6 : position + 10], "big")
        end = position + length if length else _last_end(stream, position)
        if end > len(stream):
            raise ValueError("a tile part is cut")
        kept, begin = _header_segments(stream[:end], position + _TILE_PART_BYTES, _SOD)
        header, data = b"".join(kept), stream[begin + 2 : end]
        size = _TILE_PART_BYTES + len(header) + 2 + len(data)
        out += [
            stream[position : position + 6],
            size.to_bytes(4, "big"),
            stream[position + 10 : position + 12],
        ]
        out += [header, _SOD.to_bytes(2, "big"), data]
        position = end
    return b"".join([*out, _EOC.to_bytes(2, "big")])


def _last_end(stream: bytes, position: int) -> int:
    """Where the last tile part ends, which need not state its length: at the first end of codestream behind it."""
    return stream.index(_EOC.to_bytes(2, "big"), position)


def _header_segments(stream: bytes, position: int, until: int) -> tuple[list[bytes], int]:
    kept = []
    while (marker := _marker(stream, position)) != until:
        size = int.from_bytes(stream[position + 2 : position + 4], "big")
        if size < 2 or position + 2 + size > len(stream):
            raise ValueError("a segment is cut")
        if marker in _NEEDED:
            kept.append(stream[position : position + 2 + size])
        position += 2 + size
    return kept, position


def _marker(stream: bytes, position: int) -> int:
    if position + 2 > len(stream):
        raise ValueError("the codestream is cut")
    return int.from_bytes(stream[position : position + 2], "big")
