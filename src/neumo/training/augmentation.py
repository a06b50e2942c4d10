"""Random changes of training batches, on the device, by Kornia."""

import warnings

from torch import nn

from neumo.training.config import AugmentationConfig

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Kornia's own deprecated torch calls at import
    import kornia.augmentation as K


def random_augmentation(config: AugmentationConfig) -> nn.Module:
    """Random left-right flip, rotation with zoom, and contrast, each image on its own (S2).

    Takes and returns batches of shape (N, 1, side, side) in 0-1. Corners that a rotation uncovers are
    filled by reflection, as the study's framework does, so that no black wedge marks a training image.
    """
    steps: list[nn.Module] = []
    if config.flip:
        steps.append(K.RandomHorizontalFlip(p=config.flip))
    if config.rotation or config.zoom:
        scale = (1 - config.zoom, 1 + config.zoom) if config.zoom else None
        steps.append(K.RandomAffine(degrees=config.rotation, scale=scale, padding_mode="reflection", p=1.0))
    if config.contrast:
        steps.append(K.RandomContrast(contrast=(1 - config.contrast, 1 + config.contrast), p=1.0))
    return nn.Sequential(*steps)
