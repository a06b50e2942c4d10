"""Check that an ONNX file holds all its weights itself and has no loops, read from its bytes without the onnx package.

An ONNX tensor may point to another file. Checksums of the bundle would not cover that file, and the path may
lead anywhere. The walk follows the few fields in which tensors can stand (onnx.proto3, ONNX IR version 3 on).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from neumo.core.errors import BundleError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED64: 8, _FIXED32: 4}
_DATA_LOCATION, _EXTERNAL_DATA = 14, 13
_OPERATOR = 4
_LOOPS = frozenset({b"Loop", b"Scan"})
"""Operators that may run for ever; a network that reads an image has none."""
_MAX_DEPTH = 16
"""Deepest nesting of graphs within attributes of nodes."""

_CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Message kind to the numbers of its fields that hold tensors somewhere, and their kind."""


def require_self_contained(model: bytes, source: Path) -> None:
    """Refuse a graph with weights in other files, or with loops.

    Parameters
    ----------
    model : bytes
        An ONNX file.
    source : Path
        Its name, for messages.

    Raises
    ------
    BundleError
        A tensor points to another file, a node is a loop, or the bytes are no ONNX graph.
    """
    try:
        external = _points_elsewhere(memoryview(model), "model")
    except (IndexError, ValueError, RecursionError) as error:
        raise BundleError(
            "{source}: is no ONNX graph ({error}); install the bundle again", source=source, error=error
        ) from error
    if external:
        raise BundleError(
            "{source}: keeps weights in another file, which its checksums do not cover; export it whole",
            source=source,
        )


def _points_elsewhere(message: memoryview, kind: str, depth: int = 0) -> bool:
    if depth > _MAX_DEPTH:
        raise ValueError(f"messages are nested deeper than {_MAX_DEPTH} levels")
    for number, value in _fields(message):
        if (
            kind == "node"
            and number == _OPERATOR
            and isinstance(value, memoryview)
            and bytes(value) in _LOOPS
        ):
            raise ValueError(f"it holds a {bytes(value).decode()}, which may run for ever")
        if kind == "tensor":
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value == 1):
                return True
        elif number in _CHILDREN[kind]:
            if isinstance(value, int):
                raise ValueError(f"field {number} of a {kind} is no message")
            if _points_elsewhere(value, _CHILDREN[kind][number], depth + 1):
                return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field numbers and values of one protocol buffer message; fixed-size values are given as bytes."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if wire == _BYTES:
            size, position = _varint(message, position)
        elif wire in _SIZES:
            size = _SIZES[wire]
        else:
            raise ValueError(f"wire type {wire}")
        if position + size > len(message):
            raise ValueError("it ends early")
        yield number, message[position : position + size]
        position += size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number has no end")
