from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from neumo.core.errors import ExportError
from neumo.export.graph import export_graph
from neumo.export.parity import check_parity
from neumo.models.efficientnet_lite import EfficientNetLite
from neumo.models.study_cnn import StudyCNN

INPUTS = np.random.default_rng(0).random((5, 1, 64, 64), dtype=np.float32)

Network = EfficientNetLite | StudyCNN


def train_a_little(network: Network) -> Network:
    """Give normalisation statistics and head values as after some training."""
    torch.manual_seed(0)
    network.train()
    for _ in range(3):
        network(torch.rand((8, 1, 64, 64)))
    for parameter in list(network.parameters())[-2:]:
        nn.init.uniform_(parameter, -0.2, 0.2)
    return network.eval()


@dataclass(frozen=True)
class Exported:
    """A network and its graph, which takes torch some seconds to make."""

    network: Network
    model: onnx.ModelProto


@pytest.fixture(scope="module")
def exported() -> dict[str, Exported]:
    networks: dict[str, Network] = {
        "lite0": train_a_little(EfficientNetLite(image_size=64)),
        "study_cnn": train_a_little(StudyCNN((4, 8), 16, 0.5, 64)),
    }
    return {name: Exported(network, export_graph(network, 64)) for name, network in networks.items()}


@pytest.mark.parametrize("name", ["lite0", "study_cnn"])
def test_the_graph_says_what_the_network_says_for_any_number_of_images(
    exported: dict[str, Exported], name: str
) -> None:
    network, model = exported[name].network, exported[name].model
    parity = check_parity(network, model, INPUTS)
    assert parity.logits < 0.02 and parity.images == 5
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["logits", "class_maps", "embedding"]
    one = session.run(None, {"images": INPUTS[:1]})
    with torch.inference_mode():
        expected = network.explained(torch.from_numpy(INPUTS[:1]))
    for ours, theirs in zip(one, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=0.02, rtol=0.02)


def test_weights_are_halved_and_no_trace_of_the_exporting_machine_stays(
    exported: dict[str, Exported],
) -> None:
    data = exported["lite0"].model.SerializeToString()
    singles = sum(parameter.numel() for parameter in exported["lite0"].network.parameters()) * 4
    assert len(data) < 0.55 * singles
    assert str(Path.cwd()).encode() not in data and b".py" not in data


def test_the_same_network_gives_the_same_bytes(exported: dict[str, Exported]) -> None:
    again = export_graph(exported["study_cnn"].network, 64)
    assert again.SerializeToString() == exported["study_cnn"].model.SerializeToString()


def test_a_graph_that_differs_is_refused(exported: dict[str, Exported]) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(exported["study_cnn"].model)
    for tensor in model.graph.initializer:
        if tensor.name.endswith("bias"):
            values = onnx.numpy_helper.to_array(tensor) + 1
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), tensor.name))
    with pytest.raises(ExportError, match="nothing was exported"):
        check_parity(exported["study_cnn"].network, model, INPUTS)


def test_a_network_without_explanation_is_refused() -> None:
    with pytest.raises(ExportError, match="explained"):
        export_graph(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), 2)
