"""Bounds on the pieces of a PNG or JPEG file, each of which costs its decoder more than the bytes that it takes."""

from typing import Final

from neumo.core.errors import UnreadableImageError

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS: Final = 100_000
"""Most chunks of a PNG; encoders write some ten thousand for the largest image allowed."""
_MAX_SEGMENTS: Final = 5_000
"""Most segments of a JPEG before its first scan; profiles and thumbnails take some hundred."""
_START_OF_SCAN, _BARE = 0xDA, frozenset({0x01, *range(0xD0, 0xDA)})


def require_few_pieces(content: bytes, name: str) -> None:
    """Raise UnreadableImageError where a PNG has too many chunks, or a JPEG too many segments; other files pass."""
    if content.startswith(_PNG):
        _require_few_chunks(content, name)
    elif content.startswith(b"\xff\xd8"):
        _require_few_segments(content, name)


def _require_few_chunks(content: bytes, name: str) -> None:
    position, end = len(_PNG), len(content) - 8
    for _ in range(_MAX_CHUNKS):
        if position >= end:
            return
        position += 12 + int.from_bytes(content[position : position + 4])
    raise UnreadableImageError(
        "{name}: holds more than {most:,} chunks; no radiograph does", name=name, most=_MAX_CHUNKS
    )


def _require_few_segments(content: bytes, name: str) -> None:
    position, end = 2, len(content) - 4
    for _ in range(_MAX_SEGMENTS):
        position = content.find(b"\xff", position)
        if not 0 <= position < end or content[position + 1] == _START_OF_SCAN:
            return
        bare = content[position + 1] in _BARE or content[position + 1] == 0xFF
        position += 1 if bare else 2 + int.from_bytes(content[position + 2 : position + 4])
    raise UnreadableImageError(
        "{name}: holds more than {most:,} segments; no radiograph does", name=name, most=_MAX_SEGMENTS
    )
