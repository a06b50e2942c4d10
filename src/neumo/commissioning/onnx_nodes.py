"""Nodes and stored weights of ONNX graphs, found by the names of tensors."""

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Floats = NDArray[np.float32]

POOLING: Final = frozenset({"ReduceMean", "GlobalAveragePool", "Flatten", "Squeeze", "Reshape"})
"""Operators between the last maps and the features that a linear layer takes."""


def producer(graph: onnx.GraphProto, name: str) -> onnx.NodeProto | None:
    """Return the node that gives a tensor; None for inputs and weights."""
    return next((node for node in graph.node if name in node.output), None)


def taken_by(graph: onnx.GraphProto, name: str, operators: Collection[str]) -> str:
    """Return the tensor that a chain of operators takes whose last one gives `name`; `name` itself where none does."""
    node = producer(graph, name)
    while node is not None and node.op_type in operators:
        name = node.input[0]
        node = producer(graph, name)
    return name


def inner_graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the graphs within a node's attributes, such as the branches of an If."""
    for attribute in node.attribute:
        yield from attribute.graphs
        if attribute.HasField("g"):
            yield attribute.g


def is_plain_gemm(node: onnx.NodeProto) -> bool:
    """Whether a Gemm computes inputs @ weights + bias, without factors or a transposed input."""
    values = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    return values.get("alpha", 1.0) == 1.0 == values.get("beta", 1.0) and not values.get("transA", 0)


def is_transposed(node: onnx.NodeProto) -> bool:
    """Whether a Gemm stores its weights as (outputs, inputs)."""
    return any(attribute.name == "transB" and attribute.i for attribute in node.attribute)


def stored_weights(graph: onnx.GraphProto, name: str) -> Floats | None:
    """Return a weight, widened where it is stored in half precision; None where it is computed."""
    node = producer(graph, name)
    if node is not None and node.op_type == "Constant":
        values = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        return numpy_helper.to_array(values["value"]).astype(np.float32) if "value" in values else None
    origin = node.input[0] if node is not None and node.op_type in {"Cast", "Identity"} else name
    for tensor in graph.initializer:
        if tensor.name == origin:
            return numpy_helper.to_array(tensor).astype(np.float32)
    return None
