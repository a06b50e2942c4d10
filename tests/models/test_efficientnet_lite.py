import warnings
from typing import Any

import pytest
import torch

from neumo.core.errors import ConfigError
from neumo.models.efficientnet_lite import VARIANTS, EfficientNetLite, imagenet_weights
from neumo.models.registry import build_network, load_pretrained

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    published = pytest.importorskip("efficientnet_lite_pytorch")

SIDE = 224


def reference(variant: str) -> Any:
    """The published implementation, told that images have SIDE pixels, since its padding depends on that."""
    blocks, settings = published.utils.get_model_params(f"efficientnet-{variant}", {})
    network = published.EfficientNet(blocks, settings._replace(image_size=SIDE))
    network.load_state_dict(imagenet_weights(variant))
    return network.eval()


@pytest.mark.parametrize("variant", VARIANTS)
def test_packaged_weights_give_the_features_of_the_published_implementation(variant: str) -> None:
    pytest.importorskip(VARIANTS[variant].package)
    network = EfficientNetLite(variant, image_size=SIDE)
    network.load_pretrained()
    images = torch.rand((2, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    colour = ((images * 255 - 127) / 128).expand(-1, 3, -1, -1)
    with torch.inference_mode():
        ours, theirs = network.eval().features(images), reference(variant).extract_features(colour)
    assert theirs.abs().max() > 1
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_class_maps_are_exact_their_mean_plus_the_bias_is_the_logit() -> None:
    network = EfficientNetLite("lite0", image_size=64).eval()
    torch.nn.init.uniform_(network.classifier.bias)
    images = torch.rand((3, 1, 64, 64))
    with torch.inference_mode():
        explained, logits = network.explained(images), network(images)
    assert explained.class_maps.shape == (3, 3, 2, 2)
    torch.testing.assert_close(explained.logits, logits)
    torch.testing.assert_close(explained.class_maps.mean(dim=(2, 3)) + network.classifier.bias, logits)


def test_the_embedding_holds_the_mean_output_of_every_block() -> None:
    network = EfficientNetLite("lite0", image_size=64).eval()
    images = torch.rand((2, 1, 64, 64))
    blocks = [n for n, layer in enumerate(network.features, start=1) if hasattr(layer, "drop_path")]
    with torch.inference_mode():
        embedding = network.explained(images).embedding
        first, last = network.features[: blocks[0]](images), network.features[: blocks[-1]](images)
    assert embedding.shape == (2, 1808)
    torch.testing.assert_close(embedding[:, :16], first.mean(dim=(2, 3)))
    torch.testing.assert_close(embedding[:, -320:], last.mean(dim=(2, 3)))


def test_frozen_blocks_keep_their_filters_and_later_ones_learn() -> None:
    network = EfficientNetLite("lite0", frozen_blocks=3, image_size=32)
    network(torch.rand((4, 1, 32, 32))).sum().backward()
    learning = {
        name.split(".")[1] for name, p in network.features.named_parameters(prefix="f") if p.grad is not None
    }
    every = {name.split(".")[1] for name, _ in network.features.named_parameters(prefix="f")}
    assert every - learning == {"2", "3", "5", "6", "7"}


def test_mixed_precision_gives_the_same_features_but_for_rounding() -> None:
    network = EfficientNetLite("lite0", image_size=64).eval()
    images = torch.rand((2, 1, 64, 64))
    with torch.inference_mode():
        exact = network(images)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed = network(images).float()
    torch.testing.assert_close(mixed, exact, atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    ("options", "size", "message"),
    [({"variant": "lite9"}, 224, "lite9"), ({}, 200, "multiple of 32"), ({"depth": 3}, 224, "depth")],
)
def test_what_it_cannot_be_is_said(options: dict[str, object], size: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_network("efficientnet_lite", options, size)


def test_the_study_network_has_no_imagenet_weights() -> None:
    network = build_network("study_cnn", {"filters": [4], "dense": 4}, 32)
    with pytest.raises(ConfigError, match="pretrained"):
        load_pretrained(network, "study_cnn")
