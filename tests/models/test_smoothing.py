import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from neumo.core.errors import ConfigError
from neumo.models.efficientnet_lite import EfficientNetLite
from neumo.models.smoothing import GaussianSmoothing


@pytest.mark.parametrize("sigma", [0.5, 1.5, 4.0])
def test_it_is_scipys_gaussian_with_continued_edges(sigma: float) -> None:
    images = np.random.default_rng(0).random((2, 1, 40, 31)).astype(np.float32)
    expected = np.stack(
        [gaussian_filter(image[0], sigma, mode="nearest", radius=int(np.ceil(3 * sigma))) for image in images]
    )
    assert np.abs(GaussianSmoothing(sigma)(torch.from_numpy(images))[:, 0].numpy() - expected).max() < 1e-6


def test_mixed_precision_leaves_it_alone() -> None:
    images, smooth = torch.rand(1, 1, 32, 32), GaussianSmoothing(1.5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(smooth(images), smooth(images.float()))
        assert smooth(images).dtype == torch.float32
    assert torch.equal(smooth(images), smooth(images.float()))


def test_the_finest_detail_is_gone_before_the_network_looks() -> None:
    image, inner = torch.rand(1, 1, 64, 64), torch.zeros(64, 64)
    inner[12:-12, 12:-12] = 1
    detail = 0.2 * inner * (torch.arange(64) % 2 * 2.0 - 1)
    network = EfficientNetLite(image_size=64, smoothing=1.5).eval()
    change = network.smoothing(image + detail) - network.smoothing(image)
    assert change[..., 24:-24, 24:-24].abs().max() < 1e-4
    plain = EfficientNetLite(image_size=64).eval()
    plain.load_state_dict(network.state_dict())
    seen = GaussianSmoothing(1.5)(image)
    assert torch.equal(network(image), plain(seen))
    assert all(
        torch.equal(ours, theirs)
        for ours, theirs in zip(network.explained(image), plain.explained(seen), strict=True)
    )


def test_weights_are_the_same_with_and_without_it() -> None:
    plain, smoothed = EfficientNetLite(), EfficientNetLite(smoothing=1.5)
    assert list(plain.state_dict()) == list(smoothed.state_dict())
    explained = smoothed.eval().explained(torch.rand(1, 1, 224, 224))
    assert torch.allclose(
        explained.class_maps.mean(dim=(2, 3)) + smoothed.classifier.bias, explained.logits, atol=1e-5
    )


@pytest.mark.parametrize("smoothing", [-1.0, 9.0])
def test_an_impossible_width_is_refused(smoothing: float) -> None:
    with pytest.raises(ConfigError, match=r"model\.options\.smoothing"):
        EfficientNetLite(smoothing=smoothing)
