import pytest
import torch

from neumo.core.errors import ConfigError
from neumo.models.gradcam import grad_cam
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
        gradients.append([p.grad.clone() for p in pooled_first.parameters()])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


def test_unknown_networks_and_options_are_config_errors() -> None:
    with pytest.raises(ConfigError, match=r"model\.name: 'resnet'"):
        build_network("resnet", {}, 224)
    with pytest.raises(ConfigError, match="does not take these options"):
        build_network("study_cnn", {"depth": 3}, 224)


def test_grad_cam_finds_the_only_pixels_that_matter() -> None:
    images = torch.zeros(2, 1, 8, 8)
    images[0, 0, 1, 2] = 5.0
    images[1, 0, 6, 7] = 3.0
    maps = grad_cam(BrightnessVote(), images, torch.tensor([0, 1]))
    assert maps[0].argmax() == 1 * 8 + 2
    assert maps[0].max() == 1
    assert maps[1].max() == 0, "nothing in the second image speaks for the class asked for"


class BrightnessVote(torch.nn.Module):
    """Brightness speaks for class 0 and against class 1."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Identity()
        self.classifier = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3, bias=False))
        with torch.no_grad():
            self.classifier[1].weight.copy_(torch.tensor([1.0, -1.0, 0.0]).unsqueeze(1).expand(3, 64))
