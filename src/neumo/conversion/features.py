"""Inspection of an ONNX graph: its last linear layer, the feature maps that it pools, and the ends of its stages.

Candidates are found by the graph's nodes and accepted only where they hold on an image: maps whose mean over positions
is what the last layer takes give exact class maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from neumo.commissioning.onnx_nodes import (
    POOLING,
    is_plain_gemm,
    is_transposed,
    producer,
    stored_weights,
    taken_by,
)
from neumo.conversion.scaling import Layout
from neumo.conversion.source_network import SourceNetwork, open_session

Floats = NDArray[np.float32]

_PASSING: Final = frozenset({"Identity", "Reshape", "Flatten", "Squeeze", "Dropout", "Cast"})
"""Operators that leave values as they are; a cast may round."""
_AVERAGING: Final = frozenset({"ReduceMean", "GlobalAveragePool", "AveragePool"})
_POOLS: Final = POOLING | {"AveragePool", "Identity", "Dropout", "Cast"}
_REDUCING: Final = frozenset({"Conv", "MaxPool", "AveragePool"})
_TOLERANCE: Final = 1e-3
MAX_EMBEDDING: Final = 8192
"""Values of an embedding; the first stages are left out where there would be more."""


@dataclass(frozen=True)
class Linear:
    """Scores (N, C) = features @ weights.T + bias.

    Attributes
    ----------
    features : str
        Tensor (N, F), perhaps with axes of length 1.
    weights, bias : ndarray of float32, shapes (C, F) and (C,)
    """

    features: str
    weights: Floats
    bias: Floats


@dataclass(frozen=True)
class Offered:
    """Parts found in a graph: activation, last linear layer, pooled maps, stages.

    Attributes
    ----------
    activation : str or None
        "Softmax" or "Sigmoid" where the answer ends in one; `scores` is what it takes, else the answer itself.
    scores : str
    linear : Linear or None
        That gives the scores.
    maps : (str, Layout) or None
        Tensor whose mean over positions is what the linear layer takes.
    stages : tuple of str
        Tensors (N, channels, h, w) at the end of each stage, before the next one reduces them; the last maps not among
        them.
    single_precision : bool
        Whether all these tensors hold float32.
    """

    activation: str | None
    scores: str
    linear: Linear | None
    maps: tuple[str, Layout] | None
    stages: tuple[str, ...]
    single_precision: bool


def offered_by(network: SourceNetwork) -> Offered:
    """Find a graph's last linear layer, pooled feature maps and stages, by its nodes and by a run on noise.

    Raises
    ------
    ConversionError
        The graph cannot be run with further outputs.
    """
    graph = network.model.graph
    node = producer(graph, taken_by(graph, network.output, _PASSING))
    activation = node.op_type if node is not None and node.op_type in {"Softmax", "Sigmoid"} else None
    scores = network.output if activation is None or node is None else node.input[0]
    linear = _linear(graph, taken_by(graph, scores, _PASSING))
    pooled = None if linear is None else _before_pooling(graph, linear.features)
    inputs = [
        (node.input[0], node.output[0]) for node in graph.node if node.op_type in _REDUCING and node.input[0]
    ]
    wanted = {name for pair in inputs for name in pair} | {network.input}
    wanted |= {name for name in (pooled, linear and linear.features) if name}
    values, single_precision = _values(network, wanted)
    maps = None
    if linear is not None and pooled is not None:
        maps = _averaged(values[pooled], values[linear.features].reshape(-1))
    last = None if maps is None or pooled is None else (pooled, maps)
    stages = _stages(network, inputs, values, pooled)
    return Offered(activation, scores, linear, last, stages, single_precision)


def _linear(graph: onnx.GraphProto, scores: str) -> Linear | None:
    """Return the linear layer that gives scores."""
    node = producer(graph, scores)
    if node is None:
        return None
    if node.op_type == "Gemm" and is_plain_gemm(node):
        weights = stored_weights(graph, node.input[1])
        bias = stored_weights(graph, node.input[2]) if len(node.input) > 2 and node.input[2] else None
        return _layer(node.input[0], weights, bias, transposed=is_transposed(node))
    if node.op_type == "MatMul":
        return _layer(node.input[0], stored_weights(graph, node.input[1]), None, transposed=False)
    if node.op_type == "Add":
        for product, added in (node.input, reversed(node.input)):
            inner = producer(graph, product)
            if inner is not None and inner.op_type == "MatMul":
                weights = stored_weights(graph, inner.input[1])
                return _layer(inner.input[0], weights, stored_weights(graph, added), transposed=False)
    return None


def _layer(features: str, weights: Floats | None, bias: Floats | None, *, transposed: bool) -> Linear | None:
    if weights is None or weights.ndim != 2:
        return None
    kept = weights if transposed else weights.T
    offset = np.zeros(len(kept), dtype=np.float32) if bias is None else bias.reshape(-1)
    if len(offset) == 1:
        offset = np.repeat(offset, len(kept))
    return Linear(features, np.ascontiguousarray(kept), offset) if len(offset) == len(kept) else None


def _before_pooling(graph: onnx.GraphProto, name: str) -> str | None:
    """Return the tensor that pooling takes; None where nothing is pooled."""
    node = producer(graph, name)
    while node is not None and node.op_type in _POOLS:
        if node.op_type in _AVERAGING:
            return str(node.input[0])
        node = producer(graph, node.input[0])
    return None


def _values(network: SourceNetwork, names: set[str]) -> tuple[Mapping[str, Floats], bool]:
    """Return tensors of one image of noise, and whether all are of single precision."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    ordered = sorted(names - {network.input})
    del model.graph.output[:]
    for name in ordered:
        value = onnx.ValueInfoProto()
        value.name = name
        model.graph.output.append(value)
    noise = np.random.default_rng(1).random((1, *network.shape)).astype(network.dtype)
    session = open_session(network.file, model)
    found = session.run(ordered, {network.input: noise})
    values = {name: np.asarray(value, dtype=np.float32) for name, value in zip(ordered, found, strict=True)}
    single_precision = all(output.type == "tensor(float)" for output in session.get_outputs())
    return {**values, network.input: noise.astype(np.float32)}, single_precision


def _averaged(maps: Floats, features: Floats) -> Layout | None:
    """Return in which order of axes the mean of maps over positions is what a layer takes; None in neither."""
    if maps.ndim != 4:
        return None
    for layout, axes in ((Layout.NCHW, (2, 3)), (Layout.NHWC, (1, 2))):
        mean = maps.mean(axis=axes).reshape(-1)
        if mean.shape == features.shape and np.allclose(mean, features, rtol=_TOLERANCE, atol=_TOLERANCE):
            return layout
    return None


def _stages(
    network: SourceNetwork, inputs: list[tuple[str, str]], values: Mapping[str, Floats], last: str | None
) -> tuple[str, ...]:
    """Return the feature maps before each spatial reduction, the last of each size, without the input itself."""
    ends: dict[tuple[int, ...], str] = {}
    for taken, given in inputs:
        before, after = values[taken], values[given]
        if taken in {network.input, last} or before.ndim != 4 or after.ndim != 4:
            continue
        if before.shape[1] > 3 and after.shape[2] < before.shape[2]:
            ends[before.shape[2:]] = taken
    kept: list[str] = []
    width = 0
    for name in reversed(ends.values()):
        width += values[name].shape[1]
        if width <= MAX_EMBEDDING:
            kept.insert(0, name)
    return tuple(kept)
