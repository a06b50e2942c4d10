"""A network as an ONNX graph with three outputs, small and without a training stack's traces."""

import copy
import logging
import warnings

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from neumo.core.errors import ExportError
from neumo.models.explained import Explained, ExplainedNetwork

INPUT = "images"
OUTPUTS = ("logits", "class_maps", "embedding")
_HALVED_FROM = 1024
"""Tensors of at least so many values are stored in half precision; biases stay as they are."""


def export_graph(network: nn.Module, image_size: int) -> onnx.ModelProto:
    """Trace a network in evaluation mode to ONNX, batch normalisation folded in, weights in half precision.

    The graph computes in single precision: half-precision weights are widened when a session loads them.

    Parameters
    ----------
    network : Module
        One that explains itself (`neumo.models.explained`).
    image_size : int
        Side of its square input in pixels.

    Returns
    -------
    ModelProto
        Input `images` float32 (N, 1, side, side); outputs `logits`, `class_maps`, `embedding`; N is free.

    Raises
    ------
    ExportError
        The network does not explain itself.
    """
    if not isinstance(network, ExplainedNetwork):
        raise ExportError(
            "{kind}: has no method explained, so it cannot be exported", kind=type(network).__name__
        )
    folded = _Shipped(_folded(copy.deepcopy(network).cpu().float().eval()))
    example = torch.zeros((2, 1, image_size, image_size))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's notes on itself
        program = torch.onnx.export(
            folded,
            (example,),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_shapes=({0: torch.export.Dim("N", min=1, max=1024)},),
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("{kind}: torch could not export it", kind=type(network).__name__)
    model = onnx.load_model_from_string(program.model_proto.SerializeToString())
    _forget_origin(model)
    _halve_weights(model)
    onnx.checker.check_model(model, full_check=True)
    return model


class _Shipped(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> Explained:
        explained: Explained = self.network.explained(images)  # type: ignore[operator]
        return explained


def _folded(network: nn.Module) -> nn.Module:
    """Fold every batch normalisation into the convolution before it, in place."""
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        for i in range(1, len(module)):
            before, layer = module[i - 1], module[i]
            if isinstance(before, nn.Conv2d) and isinstance(layer, nn.BatchNorm2d):
                module[i - 1], module[i] = fuse_conv_bn_eval(before, layer), nn.Identity()
    return network


def _forget_origin(model: onnx.ModelProto) -> None:
    """Remove stack traces and file paths that the exporter writes into the graph."""
    del model.metadata_props[:]
    model.doc_string = ""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]


def _halve_weights(model: onnx.ModelProto) -> None:
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _HALVED_FROM:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype("float16"), f"{name}_half"))
        casts.append(
            helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_widen", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
