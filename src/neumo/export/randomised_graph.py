"""A bundle's graph with its weights shuffled (model-parameter randomisation)."""

import hashlib

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from neumo.core.errors import ExportError

_WEIGHTED = {"Conv": (1,), "Gemm": (0, 1), "MatMul": (0, 1)}
"""Inputs of a node that may be its weights."""
_PASSING = ("Cast", "Transpose", "Reshape", "Unsqueeze")
"""Nodes through which stored weights reach the layer that uses them."""


def randomised_graph(graph: bytes, seed: int, *, share: float = 1.0) -> bytes:
    """Shuffle the weights of a graph's convolutions and linear layers, from the answer backwards.

    The model-parameter randomisation of Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018. A shuffle
    keeps each tensor's values, and with them its mean and standard deviation. Tensors that hold the same values,
    as a classifier stored once for the logits and once for the class maps, are shuffled alike. Biases stay.

    Parameters
    ----------
    graph : bytes
        A serialised ONNX model.
    seed : int
        0 or more; the same seed gives the same graph.
    share : float
        Share of the weight tensors that is shuffled, counted from the last layer, above 0 and up to 1.

    Returns
    -------
    bytes
        A serialised ONNX model with the same inputs and outputs.

    Raises
    ------
    ExportError
        The graph has no weights of convolutions or linear layers.
    ValueError
        `share` is out of bounds.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share: {share} is out of bounds; use a number above 0 and up to 1")
    model = onnx.load_model_from_string(graph)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    names = _weights_from_the_end(model, set(tensors))
    if not names:
        raise ExportError("graph: has no weights of convolutions or linear layers to shuffle")
    for name in names[: max(1, round(share * len(names)))]:
        values = numpy_helper.to_array(tensors[name])
        tensors[name].CopyFrom(numpy_helper.from_array(_shuffled(values, seed), name))
    return bytes(model.SerializeToString())


def _weights_from_the_end(model: onnx.ModelProto, stored: set[str]) -> list[str]:
    source = {
        output: node.input[0]
        for node in model.graph.node
        if node.op_type in _PASSING
        for output in node.output
    }
    found: dict[str, None] = {}
    for node in reversed(model.graph.node):
        for position in _WEIGHTED.get(node.op_type, ()):
            name = node.input[position]
            while name in source:
                name = source[name]
            if name in stored:
                found[name] = None
    return list(found)


def _shuffled(values: NDArray[np.generic], seed: int) -> NDArray[np.generic]:
    flat = np.ascontiguousarray(values).reshape(-1)
    digest = hashlib.sha256(flat.tobytes()).digest()
    rng = np.random.default_rng((seed, int.from_bytes(digest[:8], "big")))
    return rng.permutation(flat).reshape(values.shape)
