"""Random changes of training batches, on the device, and the scaling of grey levels between them."""

import warnings

from torch import nn

from neumo.imaging.prepare import Intensity
from neumo.training.acquisition import (
    PercentileScaling,
    RandomBorders,
    RandomDetail,
    RandomHistogramTransfer,
    RandomNoise,
    RandomResampling,
    RandomToneCurve,
)
from neumo.training.config import AugmentationConfig

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Kornia's own deprecated torch calls at import
    import kornia.augmentation as K


def random_augmentation(config: AugmentationConfig, crop_size: int, intensity: Intensity) -> nn.Module:
    """Batches as stored to a network's random input (S2): position, acquisition, grey levels, jitter.

    Takes batches of shape (N, 1, stored, stored) in 0-1 and returns (N, 1, crop_size, crop_size) in 0-1.
    Corners that a rotation uncovers are filled by reflection, as the study's framework does, so that no black
    wedge marks a training image. The jitter follows the scaling of grey levels, which would undo it.
    """
    steps = [*_position(config, crop_size), *_acquisition(config)]
    if intensity is Intensity.PERCENTILES:
        steps.append(PercentileScaling())
    return nn.Sequential(*steps, *_jitter(config))


def _position(config: AugmentationConfig, crop_size: int) -> list[nn.Module]:
    steps: list[nn.Module] = []
    if config.crop < 1:
        size = (crop_size, crop_size)
        steps.append(K.RandomResizedCrop(size, scale=(config.crop, 1.0), cropping_mode="resample", p=1.0))
    if config.flip:
        steps.append(K.RandomHorizontalFlip(p=config.flip))
    if config.rotation or config.zoom:
        scale = (1 - config.zoom, 1 + config.zoom) if config.zoom else None
        steps.append(K.RandomAffine(degrees=config.rotation, scale=scale, padding_mode="reflection", p=1.0))
    return steps


def _acquisition(config: AugmentationConfig) -> list[nn.Module]:
    steps: list[nn.Module] = []
    if config.resampling:
        steps.append(RandomResampling(config.resampling))
    if config.style:
        steps.append(RandomHistogramTransfer(config.style))
    if config.tone:
        steps.append(RandomToneCurve(config.tone))
    if config.detail:
        steps.append(RandomDetail(config.detail))
    if config.noise:
        steps.append(RandomNoise(config.noise))
    if config.borders:
        steps.append(RandomBorders(config.borders))
    return steps


def _jitter(config: AugmentationConfig) -> list[nn.Module]:
    steps: list[nn.Module] = []
    if config.brightness:
        steps.append(K.RandomBrightness(brightness=(1 - config.brightness, 1 + config.brightness), p=1.0))
    if config.contrast:
        steps.append(K.RandomContrast(contrast=(1 - config.contrast, 1 + config.contrast), p=1.0))
    if config.erasing:
        steps.append(K.RandomErasing(scale=(0.02, 0.2), value=0.5, p=config.erasing))
    return steps
