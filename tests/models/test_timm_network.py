"""timm itself is not needed: a stand-in offers the interface that its documentation states."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from neumo.core.errors import CheckpointError, ConfigError
from neumo.export.graph import OUTPUTS, export_graph
from neumo.imaging.prepare import Intensity
from neumo.models.registry import build_network, load_pretrained
from neumo.models.weights import NetworkCard, load_network, save_network

SIZE, WIDTH = 32, 8


class Standing(nn.Module):
    """A model as timm's: features, average pooling, one linear layer."""

    def __init__(self, in_chans: int, num_classes: int, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.num_features = WIDTH
        self.stem = nn.Sequential(
            nn.Conv2d(in_chans, WIDTH, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU()
        )
        self.norm: nn.Module = nn.Identity()
        self.fc = nn.Linear(WIDTH, num_classes)
        self.drop = nn.Dropout(drop_rate)

    def scored(self, pooled: torch.Tensor, pre_logits: bool) -> torch.Tensor:
        logits: torch.Tensor = pooled if pre_logits else self.fc(pooled)
        return logits

    def get_classifier(self) -> nn.Module:
        return self.fc

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.stem(x)
        return features

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        pooled = self.drop(self.norm(x.mean(dim=(2, 3))))
        return self.scored(pooled, pre_logits)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(x))


class Normed(Standing):
    """Normalises after pooling, as ConvNeXt does: its class maps would not be exact."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.norm = nn.LayerNorm(WIDTH)
        nn.init.normal_(self.fc.weight, std=1e-6)


class Tokens(Standing):
    """Features without rows and columns, as a vision transformer gives."""

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward_features(x).flatten(2).transpose(1, 2)

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        pooled = x.mean(dim=1)
        return self.scored(pooled, pre_logits)


MODELS: dict[str, type[Standing]] = {"standing": Standing, "normed": Normed, "tokens": Tokens}


def create_model(model_name: str, pretrained: bool = False, **options: Any) -> nn.Module:
    if model_name not in MODELS:
        raise RuntimeError(f"Unknown model ({model_name})")
    model: Standing = MODELS[model_name](**options)
    if pretrained:
        nn.init.constant_(next(model.stem.parameters()), 0.5)
    return model


@pytest.fixture
def timm(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("timm")
    module.create_model = create_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", module)


@pytest.mark.usefixtures("timm")
def test_a_class_map_and_a_bias_add_up_to_the_logit() -> None:
    network: Any = build_network("timm:standing", {}, SIZE).eval()
    images = torch.rand(4, 1, SIZE, SIZE)
    with torch.no_grad():
        explained, logits = network.explained(images), network(images)
    bias = network.features.fc.bias.detach()
    torch.testing.assert_close(explained.class_maps.mean(dim=(2, 3)) + bias, logits)
    torch.testing.assert_close(explained.logits, logits)
    assert explained.embedding.shape == (4, WIDTH) and explained.class_maps.shape == (4, 3, 16, 16)


@pytest.mark.usefixtures("timm")
def test_it_exports_and_the_graph_agrees() -> None:
    network: Any = build_network("timm:standing", {"drop_rate": 0.5}, SIZE).eval()
    session = onnxruntime.InferenceSession(
        export_graph(network, SIZE).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    images = torch.rand(3, 1, SIZE, SIZE)
    with torch.no_grad():
        expected = network.explained(images)
    outputs = session.run(list(OUTPUTS), {"images": images.numpy()})
    for name, output in zip(OUTPUTS, outputs, strict=True):
        np.testing.assert_allclose(output, getattr(expected, name).numpy(), atol=1e-3)


@pytest.mark.usefixtures("timm")
def test_weights_are_kept_and_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network: Any = build_network("timm:standing", {}, SIZE).eval()
    save_network(network, tmp_path, NetworkCard("timm:standing", {}, SIZE, Intensity.PERCENTILES))
    loaded = load_network(tmp_path).network
    images = torch.rand(2, 1, SIZE, SIZE)
    torch.testing.assert_close(loaded(images), network(images))
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(CheckpointError, match="pip install timm"):
        load_network(tmp_path)


@pytest.mark.usefixtures("timm")
def test_pretrained_weights_are_taken_only_when_asked_for() -> None:
    network: Any = build_network("timm:standing", {}, SIZE)
    assert (network.features.stem[0].weight != 0.5).any()
    load_pretrained(network, "timm:standing")
    assert (network.features.stem[0].weight == 0.5).all()


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize("name", ["normed", "tokens"])
def test_a_model_without_exact_class_maps_is_refused_before_training(name: str) -> None:
    with pytest.raises(ConfigError, match="no exact class maps"):
        build_network(f"timm:{name}", {}, SIZE)


@pytest.mark.usefixtures("timm")
def test_what_timm_does_not_know_is_told_by_its_key() -> None:
    with pytest.raises(ConfigError, match=r"model\.name: timm cannot make 'nothing'"):
        build_network("timm:nothing", {}, SIZE)
    with pytest.raises(ConfigError, match=r"model\.options"):
        build_network("timm:standing", {"colour": 1}, SIZE)


def test_without_timm_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match="pip install timm"):
        build_network("timm:resnet18", {}, SIZE)
