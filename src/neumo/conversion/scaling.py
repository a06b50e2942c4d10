"""Input of a network from elsewhere: order of the axes, channels and scaling of the grey levels."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Layout(StrEnum):
    """Order of the axes of an input of images."""

    NCHW = "nchw"
    """Image, channel, row, column, as in PyTorch."""
    NHWC = "nhwc"
    """Image, row, column, channel, as in Keras."""


class Scaling(StrEnum):
    """Scaling of grey levels from 0 (black) to 1 (white) into a network's input."""

    UNIT = "0..1"
    SYMMETRIC = "-1..1"
    IMAGENET = "imagenet"
    """Less ImageNet's mean, over its standard deviation, of each channel (torchvision, timm, Keras "torch")."""
    BYTES = "0..255"
    XRAYVISION = "+-1024"
    """-1024 to 1024, as in torchxrayvision."""
    CAFFE = "caffe"
    """0 to 255 less ImageNet's mean in the order blue, green, red (Keras "caffe": VGG16, ResNet50)."""


_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)
_BGR_MEAN: Final = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class Affine:
    """A channel's value: grey level * factor + offset; `factors` and `offsets` hold one of each channel."""

    factors: Floats
    offsets: Floats


def affine_of(scaling: Scaling, channels: int) -> Affine:
    """Return a scaling of 1 or 3 channels; with one channel ImageNet's means over the channels hold."""
    match scaling:
        case Scaling.UNIT:
            pairs = [(1.0, 0.0)]
        case Scaling.SYMMETRIC:
            pairs = [(2.0, -1.0)]
        case Scaling.BYTES:
            pairs = [(255.0, 0.0)]
        case Scaling.XRAYVISION:
            pairs = [(2048.0, -1024.0)]
        case Scaling.IMAGENET:
            pairs = [(1 / wide, -mean / wide) for mean, wide in zip(_MEAN, _DEVIATION, strict=True)]
        case Scaling.CAFFE:
            pairs = [(255.0, -mean) for mean in _BGR_MEAN]
    values = np.array(pairs, dtype=np.float32)
    if len(values) == 1:
        values = np.repeat(values, channels, axis=0)
    elif channels == 1:
        values = values.mean(axis=0, keepdims=True)
    return Affine(np.ascontiguousarray(values[:, 0]), np.ascontiguousarray(values[:, 1]))
