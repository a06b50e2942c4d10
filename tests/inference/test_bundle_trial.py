"""Bundles are tried in a process with limits, which a graph that takes all memory ends, and nothing else."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tests.support.tiny_bundle import tiny_graph

from neumo.bundle.folder import MODEL, Bundle, write_sums
from neumo.core.errors import BundleError
from neumo.inference.bundle_trial import try_bundle


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(bundle.path, tmp_path / "tried"))


def change(folder: Path, model: onnx.ModelProto) -> None:
    (folder / MODEL).write_bytes(model.SerializeToString())
    write_sums(folder)


def test_a_sound_bundle_gives_its_reference_readings(folder: Path) -> None:
    assert "reference readings reproduced" in try_bundle(folder)


def test_other_weights_are_told(folder: Path) -> None:
    change(folder, tiny_graph(seed=5))
    with pytest.raises(BundleError, match="logit"):
        try_bundle(folder)


def test_a_tensor_of_gigabytes_ends_the_trial_alone(folder: Path) -> None:
    model = tiny_graph()
    shape = numpy_helper.from_array(np.array([3_000_000_000], dtype=np.int64), "huge_shape")
    value = numpy_helper.from_array(np.array([1], dtype=np.float32), "value")
    nodes = [
        helper.make_node("ConstantOfShape", ["huge_shape"], ["huge"], value=value),
        helper.make_node("ReduceMean", ["huge"], ["one"], keepdims=1),
        helper.make_node("Gemm", ["embedding", "head", "bias"], ["plain"], transB=1),
        helper.make_node("Mul", ["plain", "one"], ["logits"]),
    ]
    kept = [node for node in model.graph.node if node.output[0] != "logits"]
    del model.graph.node[:]
    model.graph.node.extend([*kept, *nodes])
    model.graph.initializer.append(shape)
    change(folder, model)
    with pytest.raises(BundleError, match=r"memory|cannot be run|cannot be loaded"):
        try_bundle(folder, seconds=60, memory_bytes=2**29)


def test_what_takes_too_long_is_ended(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"took longer .* do not use this bundle"):
        try_bundle(folder, seconds=0.001)
