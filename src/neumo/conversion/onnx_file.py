"""Checks of a foreign ONNX file before any of it runs: size, self-containedness, operators, opset."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import onnx
from onnx import inliner, version_converter

from neumo.bundle.graph_check import require_self_contained
from neumo.commissioning.onnx_nodes import inner_graphs
from neumo.core.errors import BundleError, ConversionError

MAX_BYTES: Final = 500 * 2**20
"""Largest ONNX file in bytes: a bundle holds at most 512 MB."""
_MIN_OPSET, _OPSET = 11, 13
_RUNTIME_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator domains that ONNX Runtime implements."""


def file_contents(file: Path) -> bytes:
    """Read a file of at most 500 MB. Raises ConversionError."""
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ConversionError(
                "{file}: holds {size:,} bytes, and a network may have {most:,}; store its weights in half precision, "
                "or take a smaller one",
                file=file,
                size=size,
                most=MAX_BYTES,
            )
        return file.read_bytes()
    except OSError as error:
        raise ConversionError(
            "{file}: cannot be read ({reason})", file=file, reason=error.strerror
        ) from error


def parsed(file: Path, data: bytes) -> onnx.ModelProto:
    """Return a graph in one piece that ONNX Runtime can run, of opset 11 or later. Raises ConversionError."""
    try:
        require_self_contained(data, file)
        model = onnx.load_model_from_string(data)
        if not model.graph.node:
            raise ValueError("it holds no graph")
        model = inliner.inline_local_functions(model) if model.functions else model
    except BundleError as error:
        raise ConversionError(
            "{file}: is no ONNX network in one file ({reason})", file=file, reason=error.message
        ) from error
    except Exception as error:  # protobuf's DecodeError, and what onnx raises for graphs that are none
        raise ConversionError("{file}: is no ONNX network ({error})", file=file, error=error) from error
    foreign = sorted(
        {
            f"{node.domain}.{node.op_type}"
            for node in _nodes(model.graph)
            if node.domain not in _RUNTIME_DOMAINS
        }
    )
    if foreign:
        raise ConversionError(
            "{file}: needs the operators {operators}, which ONNX Runtime does not have; export it with those of ONNX",
            file=file,
            operators=", ".join(foreign[:5]),
        )
    opset = next((one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}), 0)
    if opset >= _MIN_OPSET:
        return model
    try:
        return version_converter.convert_version(model, _OPSET)
    except Exception as error:  # whatever the converter stumbles over
        raise ConversionError(
            "{file}: is of opset {opset}, and cannot be converted ({error}); export it with opset {least} or later",
            file=file,
            opset=opset,
            error=error,
            least=_MIN_OPSET,
        ) from error


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for inner in inner_graphs(node):
            yield from _nodes(inner)
