import numpy as np
import pytest
import torch

from neumo.imaging.prepare import Intensity, scale_intensity
from neumo.training.acquisition import (
    PercentileScaling,
    RandomBorders,
    RandomDetail,
    RandomHistogramTransfer,
    RandomNoise,
    RandomResampling,
    RandomToneCurve,
)
from neumo.training.augmentation import random_augmentation
from neumo.training.config import AugmentationConfig


@pytest.fixture
def images() -> torch.Tensor:
    torch.manual_seed(3)
    return torch.rand((16, 1, 48, 48))


def test_tone_curves_keep_the_order_of_grey_levels_and_their_ends(images: torch.Tensor) -> None:
    changed = RandomToneCurve(1.0)(images)
    assert (changed - images).abs().max() > 0.05
    for before, after in zip(images.flatten(1), changed.flatten(1), strict=True):
        assert (after[before.argsort()].diff() >= -1e-6).all()
    ends = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    torch.testing.assert_close(RandomToneCurve(1.0)(ends), ends)


def test_a_histogram_transfer_takes_grey_levels_of_another_image_and_keeps_their_order() -> None:
    torch.manual_seed(5)
    dark = (torch.rand((1, 1, 24, 24)) * 0.3 * 32).round() / 32  # few grey levels, so that some are equal
    bright = 0.6 + torch.rand((1, 1, 24, 24)) * 0.4
    images = torch.cat([dark, bright]).repeat(20, 1, 1, 1)
    before = images.clone()
    changed = RandomHistogramTransfer(1.0)(images)
    torch.testing.assert_close(images, before)
    means = changed[::2].mean(dim=(1, 2, 3))
    assert means.max() > 0.5, "some dark images became bright"
    assert means.min() >= dark.mean() - 0.02
    for one, other in zip(images.flatten(1), changed.flatten(1), strict=True):
        assert (other[one.argsort()].diff() >= -1e-6).all()
        for level in one.unique()[:5]:
            assert other[one == level].unique().numel() == 1
    unchanged = RandomHistogramTransfer(0.3)(images)
    assert 0 < sum(torch.equal(a, b) for a, b in zip(images, unchanged, strict=True)) < len(images)


def test_resampling_blurs_some_images_and_leaves_the_others(images: torch.Tensor) -> None:
    before = images.clone()
    changed = RandomResampling(0.5)(images)
    torch.testing.assert_close(images, before)
    same = [torch.equal(a, b) for a, b in zip(images, changed, strict=True)]
    assert 0 < sum(same) < len(same)
    rough = images.diff(dim=-1).abs().mean(dim=(1, 2, 3))
    smooth = changed.diff(dim=-1).abs().mean(dim=(1, 2, 3))
    assert (smooth <= rough + 1e-6).all()


def test_changed_detail_flattens_what_is_coarse_and_keeps_the_middle_grey(images: torch.Tensor) -> None:
    halves = torch.full((64, 1, 48, 48), 0.3)
    halves[..., 24:] = 0.7
    changed = RandomDetail(0.5)(halves)
    steps = changed[..., 36:].mean(dim=(1, 2, 3)) - changed[..., :12].mean(dim=(1, 2, 3))
    assert 0.19 < steps.min() < 0.25 and 0.35 < steps.max() < 0.41
    torch.testing.assert_close(changed.mean(dim=(1, 2, 3)), torch.full((64,), 0.5), atol=0.02, rtol=0)


def test_changed_detail_weakens_some_textures_and_strengthens_others(images: torch.Tensor) -> None:
    texture = 0.4 + 0.2 * images
    gains = RandomDetail(0.5)(texture).diff(dim=-1).std(dim=(1, 2, 3)) / texture.diff(dim=-1).std(
        dim=(1, 2, 3)
    )
    assert gains.min() < 0.9 and gains.max() > 1.1


def test_painted_borders_are_of_one_grey_level_and_leave_the_middle(images: torch.Tensor) -> None:
    before = images.clone()
    changed = RandomBorders(1.0)(images)
    torch.testing.assert_close(images, before)
    assert torch.equal(changed[..., 6:-6, 6:-6], images[..., 6:-6, 6:-6])
    for old, new in zip(images, changed, strict=True):
        painted = new[new != old]
        assert len(painted) > 0 and painted.unique().numel() == 1


def test_noise_stays_within_its_largest_deviation(images: torch.Tensor) -> None:
    grey = torch.full_like(images, 0.5)
    deviations = (RandomNoise(0.1)(grey) - grey).std(dim=(1, 2, 3))
    assert deviations.max() < 0.105 and deviations.max() > 0.05 and deviations.min() < 0.05


def test_scaling_in_training_is_that_of_reading() -> None:
    pixels = np.random.default_rng(1).integers(20, 200, (4, 40, 40), dtype=np.uint8)
    reading = scale_intensity(pixels, Intensity.PERCENTILES)
    training = PercentileScaling()(torch.from_numpy(pixels / np.float32(255)).unsqueeze(1)).squeeze(1)
    np.testing.assert_allclose(training.numpy(), reading, atol=1e-5)


def test_crops_bring_stored_images_to_the_input_size(images: torch.Tensor) -> None:
    config = AugmentationConfig(
        crop=0.2, flip=0.5, rotation=10, tone=0.5, noise=0.03, resampling=0.5, erasing=1.0
    )
    changed = random_augmentation(config, 32, Intensity.PERCENTILES)(images)
    assert changed.shape == (16, 1, 32, 32)
    assert changed.min() >= 0 and changed.max() <= 1


def test_without_augmentation_images_stay_as_they_are(images: torch.Tensor) -> None:
    assert torch.equal(random_augmentation(AugmentationConfig(), 48, Intensity.AS_STORED)(images), images)


def test_crops_may_be_smaller_than_what_is_read(images: torch.Tensor) -> None:
    config = AugmentationConfig(crop=0.1, borders=0.5, detail=0.5)
    assert random_augmentation(config, 16, Intensity.PERCENTILES)(images).shape == (16, 1, 16, 16)
