import pytest
import torch

from neumo.core.errors import ConfigError
from neumo.models.registry import build_network
from neumo.models.study_cnn import StudyCNN


def test_shapes_and_parameters_follow_the_study() -> None:
    network = StudyCNN(filters=(32, 64, 128), dense=128, image_size=224)
    assert network.features(torch.zeros(2, 1, 224, 224)).shape == (2, 128, 28, 28)
    assert network(torch.zeros(2, 1, 224, 224)).shape == (2, 3)
    convolutions = 9 * (1 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    dense = 28 * 28 * 128 * 128 + 128 + 128 * 3 + 3
    assert sum(p.numel() for p in network.parameters()) == convolutions + dense


def test_pooling_before_relu_is_the_same_function_with_the_same_gradients() -> None:
    torch.manual_seed(0)
    pooled_first = StudyCNN(filters=(4, 6), dense=8, dropout=0.0, image_size=16).double()
    layers = list(pooled_first.features)
    textbook = torch.nn.Sequential(*(layers[i] for base in (0, 3) for i in (base, base + 2, base + 1)))
    images = torch.rand(5, 1, 16, 16, dtype=torch.float64)
    gradients = []
    for features in (pooled_first.features, textbook):
        pooled_first.zero_grad()
        # Cloned because the textbook order would overwrite a convolution's output in place.
        pooled_first.classifier(features(images.clone())).square().sum().backward()
        gradients.append([p.grad.clone() for p in pooled_first.parameters() if p.grad is not None])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


def test_unknown_networks_and_options_are_config_errors() -> None:
    with pytest.raises(ConfigError, match=r"model\.name: 'resnet'"):
        build_network("resnet", {}, 224)
    with pytest.raises(ConfigError, match="does not take these options"):
        build_network("study_cnn", {"depth": 3}, 224)


def test_class_maps_are_grad_cam_by_gradients() -> None:
    torch.manual_seed(0)
    network = StudyCNN(filters=(4, 8), dense=16, image_size=32).eval()
    images = torch.rand(5, 1, 32, 32)
    features = network.features(images).detach().requires_grad_(True)
    logits = network.classifier(features)
    explained = network.explained(images)
    torch.testing.assert_close(explained.logits, logits)
    for finding in range(3):
        (gradients,) = torch.autograd.grad(logits[:, finding].sum(), features, retain_graph=True)
        expected = (gradients.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1)
        torch.testing.assert_close(explained.class_maps[:, finding], expected)
