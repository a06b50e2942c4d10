"""Small classifiers as others export them: PyTorch's and Keras' layouts, sigmoid and softmax, fixed and free batches.

Their weights are random but for the last layer, which is fitted to phantoms under one scaling of the input.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from neumo.conversion.scaling import Scaling, affine_of
from neumo.datasets.layout import open_dataset
from neumo.imaging import fit_square, open_radiograph

SIDE, CHANNELS = 48, 12
Floats = NDArray[np.float32]


def phantom_squares(phantoms: Path) -> tuple[Floats, NDArray[np.int64]]:
    """Return phantoms (N, side, side) in 0-1, and their labels."""
    entries = open_dataset(phantoms).entries
    squares = [fit_square(open_radiograph(phantoms / entry.path).pixels, SIDE) for entry in entries]
    return (np.stack(squares) / 255).astype(np.float32), np.array([entry.code for entry in entries])


def foreign_network(
    phantoms: Path,
    file: Path,
    *,
    nhwc: bool = False,
    channels: int = 3,
    ending: str = "Sigmoid",
    outputs: Sequence[int] = (1,),
    scaling: Scaling = Scaling.IMAGENET,
    batch: int | str = "batch",
    hidden: bool = False,
) -> Path:
    """Write a network.

    Parameters
    ----------
    phantoms, file : Path
    nhwc : bool
        As tf2onnx exports Keras' models.
    channels : int
    ending : str
        "Sigmoid", "Softmax", or "" for logits.
    outputs : sequence of int
        What each stands for: a finding's index, or 9 for bacterial and viral pneumonia together.
    scaling : Scaling
        That it was trained with.
    batch : int or str
    hidden : bool
        With a layer between pooling and the last one, so that there are no exact class maps.
    """
    images, codes = phantom_squares(phantoms)
    rng = np.random.default_rng(5)
    kernel = (rng.normal(size=(CHANNELS, channels, 5, 5)) / 8).astype(np.float32)
    second = (rng.normal(size=(CHANNELS, CHANNELS, 3, 3)) / 8).astype(np.float32)
    shift = rng.normal(size=CHANNELS).astype(np.float32)
    weights: dict[str, Floats] = {"kernel": kernel, "shift": shift, "second": second}
    taken, nodes = "image", []
    if nhwc:
        nodes.append(helper.make_node("Transpose", ["image"], ["first"], perm=[0, 3, 1, 2]))
        taken = "first"
    nodes += [
        helper.make_node("Conv", [taken, "kernel", "shift"], ["c1"], pads=[2, 2, 2, 2], strides=[2, 2]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "second", "shift"], ["c2"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c2"], ["r2"]),
    ]
    if nhwc:
        nodes.append(helper.make_node("Transpose", ["r2"], ["last"], perm=[0, 2, 3, 1]))
        nodes.append(helper.make_node("ReduceMean", ["last"], ["features"], axes=[1, 2], keepdims=0))
    else:
        nodes.append(helper.make_node("GlobalAveragePool", ["r2"], ["pooled"]))
        nodes.append(helper.make_node("Flatten", ["pooled"], ["features"]))
    if hidden:
        weights["inner"] = rng.normal(size=(CHANNELS, CHANNELS)).astype(np.float32)
        nodes.append(helper.make_node("MatMul", ["features", "inner"], ["inside"]))
        nodes.append(helper.make_node("Relu", ["inside"], ["deep"]))
    features = "deep" if hidden else "features"
    affine = affine_of(scaling, channels)
    scaled = images[:, None] * affine.factors[:, None, None] + affine.offsets[:, None, None]
    given = scaled.transpose(0, 2, 3, 1) if nhwc else scaled
    shape = [batch, SIDE, SIDE, channels] if nhwc else [batch, channels, SIDE, SIDE]
    found = _run(_model(nodes, weights, shape, [features]), given, features)
    head, bias = _fitted(found, codes, outputs, single=ending == "Sigmoid")
    weights |= {"head": head, "bias": bias}
    if nhwc:
        nodes.append(helper.make_node("MatMul", [features, "head"], ["product"]))
        nodes.append(helper.make_node("Add", ["product", "bias"], ["scores"]))
    else:
        weights["head"] = np.ascontiguousarray(head.T)
        nodes.append(helper.make_node("Gemm", [features, "head", "bias"], ["scores"], transB=1))
    answer = "scores"
    if ending:
        nodes.append(helper.make_node(ending, ["scores"], ["answer"]))
        answer = "answer"
    onnx.save(_model(nodes, weights, shape, [answer]), file)
    return file


def _model(nodes: Any, weights: dict[str, Floats], shape: list[Any], outputs: list[str]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [shape[0], None]) for name in outputs],
        [numpy_helper.from_array(np.ascontiguousarray(values), name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _run(model: onnx.ModelProto, images: Floats, name: str) -> NDArray[np.float64]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    fixed = isinstance(session.get_inputs()[0].shape[0], int)
    parts = np.split(images, len(images)) if fixed else [images]
    return np.concatenate([np.asarray(session.run([name], {"image": part})[0]) for part in parts]).astype(
        float
    )


def _fitted(
    features: NDArray[np.float64], codes: NDArray[np.int64], outputs: Sequence[int], *, single: bool
) -> tuple[Floats, Floats]:
    """Return weights (F, C) and bias (C,) of ridge regression to each output's own label."""
    columns = [np.where((codes > 0) if one == 9 else (codes == one), 1.0, -1.0) for one in outputs]
    target = np.stack(columns, axis=1) * (3 if single else 2)
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    x = (features - mean) / deviation
    weights = np.linalg.solve(x.T @ x + 0.1 * np.eye(x.shape[1]), x.T @ target)
    raw = weights / deviation[:, None]
    return raw.astype(np.float32), (target.mean(axis=0) - mean @ raw).astype(np.float32)
