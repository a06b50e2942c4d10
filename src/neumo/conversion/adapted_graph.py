"""The graph of a bundle around a network from elsewhere: scaling before it; logits, embedding and class maps after."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from neumo.commissioning.onnx_nodes import inner_graphs
from neumo.conversion.features import MAX_EMBEDDING, Linear, Offered
from neumo.conversion.outputs import LEAST_PROBABILITY, Classes, Values
from neumo.conversion.scaling import Layout, Scaling, affine_of
from neumo.conversion.source_network import SourceNetwork
from neumo.core.errors import ConversionError

Floats = NDArray[np.float32]

INPUT: Final = "images"
_RAW: Final = "raw"
_IR_VERSION: Final = 10
"""ONNX intermediate representation version; ONNX Runtime reads it since 1.18."""


def probe_graph(network: SourceNetwork, scaling: Scaling) -> onnx.ModelProto:
    """Return the network with its input scaled: images (N, 1, side, side) in 0-1 to its answer as it is, "raw"."""
    return _assembled(network, _before(network, scaling), _After().named(network.output, _RAW), (_RAW,))


def bundle_graph(
    network: SourceNetwork, scaling: Scaling, offered: Offered, classes: Classes, values: Values
) -> onnx.ModelProto:
    """Return the graph of a bundle.

    Where the network ends in pooling and one linear layer, this layer and the classes' are one, and class maps lay it
    on every position; else the classes' layer takes the scores, and there are no maps.

    Raises
    ------
    ConversionError
        The graph is not sound.
    """
    after, outputs = _After(offered.single_precision), ["logits", "embedding"]
    weights, offset = classes.linear()
    direct, linear = _takes_scores(offered, classes, values), offered.linear
    embedded = [after.pooled(name) for name in offered.stages]
    features = None if linear is None else after.features(linear, offered.maps)
    if linear is not None and features is not None and linear.weights.shape[1] <= MAX_EMBEDDING:
        embedded.append(features)
    if direct and linear is not None and features is not None:
        weights, offset = weights @ linear.weights, weights @ linear.bias + offset
        if offered.maps is not None:
            after.maps(weights)
            outputs.append("class_maps")
    else:
        features = after.scores(network, offered, values, classes, direct=direct)
    embedded = embedded or [features]
    after.gemm(features, weights, offset)
    after.joined(embedded)
    model = _assembled(network, _before(network, scaling), after, outputs)
    try:
        onnx.checker.check_model(model, full_check=False)
    except onnx.checker.ValidationError as error:
        raise ConversionError(
            "{file}: with its scaling and classes it is no sound graph ({error})",
            file=network.file,
            error=error,
        ) from error
    return model


def explains(offered: Offered, classes: Classes, values: Values) -> bool:
    """Whether class maps are exact: their mean plus the bias is the logit."""
    return offered.maps is not None and _takes_scores(offered, classes, values)


def _takes_scores(offered: Offered, classes: Classes, values: Values) -> bool:
    """Whether what the last activation takes can be used: not where one of a softmax's classes stands for itself."""
    if offered.activation is None:
        return values is Values.LOGITS
    return not (offered.activation == "Softmax" and classes.single is not None)


class _After:
    """Collects the ONNX nodes and initialisers that are appended to a network."""

    def __init__(self, single_precision: bool = False) -> None:
        self._single_precision = single_precision
        self.last_maps = ""
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def stored(self, name: str, values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> str:
        single = np.ascontiguousarray(values, dtype=np.float32)
        self.weights.append(numpy_helper.from_array(single, name))
        return name

    def named(self, tensor: str, name: str) -> "_After":
        self.node("Cast", [tensor], name, to=TensorProto.FLOAT)
        return self

    def single(self, tensor: str) -> str:
        """Return a tensor in single precision."""
        if self._single_precision:
            return tensor
        return self.node("Cast", [tensor], f"single/{tensor}", to=TensorProto.FLOAT)

    def pooled(self, tensor: str) -> str:
        mean = self.node("GlobalAveragePool", [tensor], f"mean/{tensor}")
        return self.single(self.node("Flatten", [mean], f"flat/{tensor}", axis=1))

    def features(self, linear: Linear, maps: tuple[str, Layout] | None) -> str:
        """Return the features (N, F) of a linear layer; of the pooled maps where there are some."""
        if maps is None:
            return self.single(self.node("Flatten", [linear.features], "features", axis=1))
        tensor, layout = maps
        if layout is Layout.NHWC:
            tensor = self.node("Transpose", [tensor], "channels_first", perm=[0, 3, 1, 2])
        self.last_maps = self.single(tensor)
        mean = self.node("GlobalAveragePool", [self.last_maps], "last_means")
        return self.node("Flatten", [mean], "features", axis=1)

    def gemm(self, features: str, weights: Floats, bias: Floats) -> None:
        names = [self.stored("classifier.weight", weights), self.stored("classifier.bias", bias)]
        self.node("Gemm", [features, *names], "logits", transB=1)

    def maps(self, weights: Floats) -> None:
        kernel = self.stored("classifier.kernel", weights[:, :, np.newaxis, np.newaxis])
        self.node("Conv", [self.last_maps, kernel], "class_maps")

    def joined(self, parts: Sequence[str]) -> None:
        self.node("Concat", parts, "embedding", axis=1)

    def scores(
        self, network: SourceNetwork, offered: Offered, values: Values, classes: Classes, *, direct: bool
    ) -> str:
        """Return the tensor (N, C) that the classes' layer takes."""
        given = self.node("Flatten", [offered.scores if direct else network.output], "given", axis=1)
        given = self.single(given)
        if direct or values is Values.LOGITS:
            return given
        least = self.stored("least", np.array(LEAST_PROBABILITY, dtype=np.float32))
        most = self.stored("most", np.array(1 - LEAST_PROBABILITY, dtype=np.float32))
        chances = self.node("Clip", [given, least, most], "chances")
        log = self.node("Log", [chances], "log")
        if values is Values.SHARES and classes.single is None:
            return log
        one = self.stored("one", np.array(1, dtype=np.float32))
        other = self.node("Log", [self.node("Sub", [one, chances], "complement")], "log_complement")
        return self.node("Sub", [log, other], "log_odds")


def _before(network: SourceNetwork, scaling: Scaling) -> _After:
    """Nodes from images (N, 1, side, side) in 0-1 to the network's input."""
    before, affine = _After(), affine_of(scaling, network.channels)
    channels = INPUT
    if network.channels > 1:
        channels = before.node("Concat", [INPUT] * network.channels, "channels", axis=1)
    shape = (1, network.channels, 1, 1)
    factors = before.stored("factors", affine.factors.reshape(shape))
    offsets = before.stored("offsets", affine.offsets.reshape(shape))
    scaled = before.node("Add", [before.node("Mul", [channels, factors], "multiplied"), offsets], "scaled")
    if network.layout is Layout.NHWC:
        scaled = before.node("Transpose", [scaled], "channels_last", perm=[0, 2, 3, 1])
    before.node("Cast", [scaled], network.input, to=network.element)
    return before


def _assembled(
    network: SourceNetwork, before: _After, after: _After, outputs: Sequence[str]
) -> onnx.ModelProto:
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    graph = model.graph
    inner = list(graph.node)
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend([*before.nodes, *inner, *after.nodes])
    graph.initializer.extend([*before.weights, *after.weights])
    image = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", 1, network.size, network.size])
    graph.input.append(image)
    ranks: dict[str, list[Any]] = {
        "class_maps": ["N", 3, "h", "w"],
        "logits": ["N", 3],
        "embedding": ["N", "features"],
    }
    for name in outputs:
        shape = ranks.get(name)
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    del model.metadata_props[:]
    model.doc_string, model.producer_name, model.producer_version = "", "neumo", ""
    model.ir_version = min(max(model.ir_version, 7), _IR_VERSION)
    return _without_dead_nodes(model)


def _without_dead_nodes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a graph without nodes and weights that none of its outputs needs."""
    needed, kept = {output.name for output in model.graph.output}, []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input) | _outer_names(node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(kept))
    weights = [weight for weight in model.graph.initializer if weight.name in needed]
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)
    return model


def _outer_names(node: onnx.NodeProto) -> set[str]:
    """Names that the graphs within a node's attributes use, which may be those of the graph around it."""
    found: set[str] = set()
    for graph in inner_graphs(node):
        for inner in graph.node:
            found |= set(inner.input) | _outer_names(inner)
        found |= {output.name for output in graph.output}
    return found
