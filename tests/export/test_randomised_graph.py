import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from tests.support.tiny_bundle import tiny_graph

from neumo.core.errors import ExportError
from neumo.export.randomised_graph import randomised_graph


def weights(graph: bytes) -> dict[str, np.ndarray]:
    model = onnx.load_model_from_string(graph)
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def test_a_shuffle_keeps_the_values_and_moves_them() -> None:
    graph = tiny_graph().SerializeToString()
    before, after = weights(graph), weights(randomised_graph(graph, 1))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert "kernel" in changed and len(changed) >= 2
    for name in before:
        np.testing.assert_array_equal(np.sort(before[name].ravel()), np.sort(after[name].ravel()))


def test_a_shuffled_graph_runs_answers_otherwise_and_is_always_the_same() -> None:
    graph = tiny_graph().SerializeToString()
    images = np.random.default_rng(0).random((2, 1, 64, 64)).astype(np.float32)

    def logits(model: bytes) -> np.ndarray:
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        return np.asarray(session.run(["logits"], {"images": images})[0])

    assert randomised_graph(graph, 1) == randomised_graph(graph, 1) != randomised_graph(graph, 2)
    assert np.abs(logits(graph) - logits(randomised_graph(graph, 1))).max() > 1e-3


def test_class_maps_still_explain_the_logits_of_a_shuffled_network() -> None:
    images = np.random.default_rng(0).random((2, 1, 64, 64)).astype(np.float32)
    offsets = []
    for model in (tiny_graph().SerializeToString(), randomised_graph(tiny_graph().SerializeToString(), 3)):
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        logits, maps = session.run(["logits", "class_maps"], {"images": images})
        offsets.append(np.asarray(logits) - np.asarray(maps).mean(axis=(2, 3)))
    np.testing.assert_allclose(offsets[0], offsets[1], atol=1e-4)


def test_a_part_is_shuffled_from_the_answer_backwards() -> None:
    graph = tiny_graph().SerializeToString()
    np.testing.assert_array_equal(
        weights(graph)["kernel"], weights(randomised_graph(graph, 1, share=0.4))["kernel"]
    )
    with pytest.raises(ValueError, match="share"):
        randomised_graph(graph, 1, share=0.0)


def test_a_graph_without_weights_is_refused() -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    nodes = [onnx.helper.make_node("Relu", ["x"], ["y"])]
    bare = onnx.helper.make_model(onnx.helper.make_graph(nodes, "bare", [value], [out]))
    with pytest.raises(ExportError, match="no weights"):
        randomised_graph(bare.SerializeToString(), 1)
