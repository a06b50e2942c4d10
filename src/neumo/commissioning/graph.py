"""The last layer of a bundle's ONNX graph, and the same graph with another one whose class maps stay exact.

A new last layer takes the pooled features of the old one, and the embedding, the pooled output of every block: both are
means over positions. So the same weights laid on every position of those blocks, averaged down to the size of the class
maps, are maps whose mean plus the bias is the logit, as before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

from neumo.bundle.folder import Bundle
from neumo.commissioning.onnx_nodes import (
    POOLING,
    is_plain_gemm,
    is_transposed,
    producer,
    stored_weights,
    taken_by,
)
from neumo.core.errors import CommissioningError

Floats = NDArray[np.float32]
_INPUT, _LOGITS, _MAPS, _EMBEDDING = "images", "logits", "class_maps", "embedding"
_ADDED: Final = "site_"


@dataclass(frozen=True)
class Block:
    """A tensor (N, channels, s, s) whose mean over positions is a part of the embedding.

    Attributes
    ----------
    tensor : str
    channels : int
    pooling : int
        Side of the squares that are averaged, to bring it down to the size of the class maps.
    """

    tensor: str
    channels: int
    pooling: int


@dataclass(frozen=True)
class Head:
    """A graph's last linear layer: logits = weights @ features + bias.

    Attributes
    ----------
    features : str
        Name of the tensor (N, F) that it takes.
    weights : ndarray of float32, shape (3, F)
    bias : ndarray of float32, shape (3,)
    blocks : tuple of Block
        Those of the embedding, in its order, where a new layer may take them too; empty where it may not.
    explains : bool
        Whether class maps stay exact under other weights.
    """

    features: str
    weights: Floats
    bias: Floats
    blocks: tuple[Block, ...]
    explains: bool

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers of pooled features, and of values of the embedding, that a new layer may take."""
        return self.weights.shape[1], sum(block.channels for block in self.blocks)


@dataclass(frozen=True)
class NewHead:
    """A last layer: logits = weights @ features + of_blocks @ embedding + bias.

    Attributes
    ----------
    weights : ndarray of float32, shape (3, F)
    of_blocks : ndarray of float32, shape (3, D), or None
        None where the embedding is not taken.
    bias : ndarray of float32, shape (3,)
    """

    weights: Floats
    of_blocks: Floats | None
    bias: Floats


@dataclass(frozen=True)
class NetworkOutputs:
    """Logits (N, 3), embeddings (N, D), and all features that a new last layer may take (N, F), of N images."""

    logits: Floats
    embeddings: Floats
    features: Floats


class FeatureSession:
    """Runs a bundle's graph on the CPU, one thread a run, and returns the last layer's features too.

    Raises
    ------
    CommissioningError
        The graph does not end in a linear layer.
    """

    def __init__(self, bundle: Bundle) -> None:
        model = onnx.load_model_from_string(bundle.model)
        self.head = head_of(bundle)
        if self.head.features not in {output.name for output in model.graph.output}:
            shape = ["N", self.head.weights.shape[1]]
            model.graph.output.append(
                helper.make_tensor_value_info(self.head.features, TensorProto.FLOAT, shape)
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def run(self, images: Floats) -> NetworkOutputs:
        """Run on images of shape (N, 1, side, side) in 0-1; several threads may call it at once."""
        logits, embedding, features = map(
            np.asarray, self._session.run([_LOGITS, _EMBEDDING, self.head.features], {_INPUT: images})
        )
        taken = [features, embedding] if self.head.blocks else [features]
        return NetworkOutputs(logits, embedding, np.concatenate(taken, axis=1))


def head_of(bundle: Bundle) -> Head:
    """Return the last linear layer of a bundle's graph.

    Raises
    ------
    CommissioningError
        The graph does not end in a linear layer with three outputs.
    """
    graph = _with_shapes(bundle).graph
    node = producer(graph, _LOGITS)
    weights, bias = None, None
    if node is not None and node.op_type == "Gemm" and len(node.input) == 3:
        weights, bias = stored_weights(graph, node.input[1]), stored_weights(graph, node.input[2])
    if node is None or weights is None or bias is None or bias.shape != (3,) or not is_plain_gemm(node):
        raise CommissioningError(
            "{file}: its graph does not end in one linear layer, which is what a site sets; commission a bundle that "
            "neumo exported",
            file=bundle.graph_file,
        )
    weights = weights if is_transposed(node) else weights.T
    maps = producer(graph, _MAPS)
    kernel = None if maps is None or maps.op_type != "Conv" else stored_weights(graph, maps.input[1])
    same = kernel is not None and kernel.shape[2:] == (1, 1) and np.array_equal(kernel[:, :, 0, 0], weights)
    explains = same and bundle.config.class_maps == "exact"
    return Head(node.input[0], weights, bias, tuple(_blocks(graph)) if explains else (), explains)


def with_head(bundle: Bundle, new: NewHead) -> bytes:
    """Return a bundle's graph with another last layer, and with class maps of the same weights.

    Parameters
    ----------
    new : NewHead
        With the weights of the bundle's own, and none of blocks, where its class maps would not follow.

    Raises
    ------
    CommissioningError
        The graph does not end in a linear layer, or its class maps would not follow other weights.
    """
    head = head_of(bundle)
    other = not np.array_equal(new.weights, head.weights) or new.of_blocks is not None
    if other and not head.explains:
        raise CommissioningError(
            "{file}: its class maps do not follow from the last layer, so that they would explain other weights than "
            "those that answer; only recalibration can be set",
            file=bundle.graph_file,
        )
    model = onnx.load_model_from_string(bundle.model)
    graph, node = model.graph, producer(model.graph, _LOGITS)
    assert node is not None, "head_of found it"
    _replace(graph, node.input[2], new.bias)
    if other:
        _replace(graph, node.input[1], new.weights if is_transposed(node) else new.weights.T)
        maps = producer(graph, _MAPS)
        assert maps is not None, "head_of found that it explains"
        _replace(graph, maps.input[1], new.weights[:, :, np.newaxis, np.newaxis])
        if new.of_blocks is not None:
            _take_blocks(graph, node, maps, head.blocks, new.of_blocks)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _take_blocks(
    graph: onnx.GraphProto,
    logits: onnx.NodeProto,
    maps: onnx.NodeProto,
    blocks: tuple[Block, ...],
    weights: Floats,
) -> None:
    """Extend the ONNX graph in place: embedding weights on the logits (Gemm) and on each block's class maps (Conv)."""
    logits.output[0], maps.output[0] = f"{_ADDED}{_LOGITS}", f"{_ADDED}{_MAPS}"
    names = [f"{_ADDED}weights", *(f"{_ADDED}weights_{i}" for i in range(len(blocks)))]
    starts = np.cumsum([0, *(block.channels for block in blocks)])
    parts = [weights[:, a:b, np.newaxis, np.newaxis] for a, b in pairwise(starts)]
    for name, values in zip(names, [weights, *parts], strict=True):
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    graph.initializer.append(numpy_helper.from_array(np.zeros(3, dtype=np.float32), f"{_ADDED}bias"))
    embedded = helper.make_node(
        "Gemm", [_EMBEDDING, names[0], f"{_ADDED}bias"], [f"{_ADDED}embedded"], transB=1
    )
    added = [embedded, helper.make_node("Add", [f"{_ADDED}{_LOGITS}", f"{_ADDED}embedded"], [_LOGITS])]
    summands = [f"{_ADDED}{_MAPS}"]
    for number, (block, name) in enumerate(zip(blocks, names[1:], strict=True)):
        own, pooled = f"{_ADDED}maps_{number}", f"{_ADDED}pooled_{number}"
        added.append(helper.make_node("Conv", [block.tensor, name], [own]))
        if block.pooling > 1:
            side = [block.pooling, block.pooling]
            added.append(helper.make_node("AveragePool", [own], [pooled], kernel_shape=side, strides=side))
        summands.append(pooled if block.pooling > 1 else own)
    added.append(helper.make_node("Sum", summands, [_MAPS]))
    graph.node.extend(added)


def _blocks(graph: onnx.GraphProto) -> Iterator[Block]:
    """Yield the blocks of the embedding; none where they cannot all be brought to the size of the class maps."""
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    last = producer(graph, _EMBEDDING)
    parts = [] if last is None else list(last.input) if last.op_type == "Concat" else [_EMBEDDING]
    found = []
    for part in parts:
        tensor, side = taken_by(graph, part, POOLING), shapes.get(_MAPS, [0])[-1]
        shape = shapes.get(tensor, [])
        if tensor == part or len(shape) != 4 or not side or shape[2] != shape[3] or shape[2] % side:
            return
        found.append(Block(tensor, shape[1], shape[2] // side))
    yield from found


def _with_shapes(bundle: Bundle) -> onnx.ModelProto:
    """Return a bundle's graph with the shape of every tensor, for one image."""
    model, size = onnx.load_model_from_string(bundle.model), bundle.config.image_size
    for axis, length in zip(
        model.graph.input[0].type.tensor_type.shape.dim, (1, 1, size, size), strict=False
    ):
        axis.dim_value = length
    for output in model.graph.output:
        for axis in output.type.tensor_type.shape.dim:
            axis.Clear()
    return shape_inference.infer_shapes(model)


def _replace(graph: onnx.GraphProto, name: str, values: Floats) -> None:
    """Store a weight in single precision under its name, without the tensor and cast that gave it before."""
    node = producer(graph, name)
    stored = name
    if node is not None:
        stored = node.input[0] if node.input else name
        graph.node.remove(node)
    used = any(stored in other.input for other in graph.node if stored != name)
    for tensor in list(graph.initializer):
        if tensor.name == stored and not used:
            graph.initializer.remove(tensor)
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float32), name))
