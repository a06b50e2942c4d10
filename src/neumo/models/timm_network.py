"""Networks of the library timm (huggingface.co/docs/timm), by its own names.

Written against timm's documented interface: `create_model(name, pretrained=, in_chans=, num_classes=)`, and on its
models `forward_features`, `forward_head(features, pre_logits=)` and `get_classifier`. It was tried against a stand-in
with that interface, not against the package itself. timm is no dependency of neumo.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS
from neumo.models.explained import Explained

PREFIX = "timm:"
"""Prefix of model.name in an experiment file, such as "timm:resnet18"."""
_TOLERANCE = 1e-3
"""Largest difference of the embedding from the mean features, and of the logits, relative to the largest value."""


class TimmNetwork(nn.Module):
    """A timm model for one grey channel and three findings, whose head is average pooling and one linear layer.

    For such a model the logit of a finding is the mean of its class map plus a bias (Zhou et al., CVPR 2016), so its
    class maps are exact. Every other model is refused when it is made, by comparing embedding and mean features on an
    image: a model that cannot give its reasons would be refused at export, after the training.

    Parameters
    ----------
    name : str
        As timm knows it, such as "resnet18".
    image_size : int
        Side of the input in pixels.
    options : mapping
        Further arguments of `timm.create_model`, such as drop_rate.

    Raises
    ------
    ConfigError
        timm is not installed, does not know the name or the options, or the model has another head.
    """

    class_map_kind = "exact"

    def __init__(self, name: str, image_size: int, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.name, self.options = name, dict(options)
        self.features = _created(name, pretrained=False, options=self.options)
        _require_exact_maps(self, image_size)

    def load_pretrained(self) -> None:
        """Take timm's published weights; timm adapts them to one channel, the head stays fresh.

        Raises
        ------
        ConfigError
            timm has none for this model, or they cannot be had from here.
        """
        self.features = _created(self.name, pretrained=True, options=self.options)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of shape (N, 3) for images of shape (N, 1, side, side) in 0-1."""
        logits: torch.Tensor = self.features(images)
        return logits

    def explained(self, images: torch.Tensor) -> Explained:
        """Logits with their exact class maps; the embedding is the pooled features."""
        model: Any = self.features
        features = model.forward_features(images)
        embedding = model.forward_head(features, pre_logits=True)
        linear = model.get_classifier()
        maps = nn.functional.conv2d(features, linear.weight[:, :, None, None])
        return Explained(linear(embedding), maps, embedding)


def _created(name: str, *, pretrained: bool, options: Mapping[str, Any]) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise ConfigError(
            "model.name: {name!r} needs timm, which cannot be imported ({error}); install it "
            "with: pip install timm",
            name=PREFIX + name,
            error=error,
        ) from error
    try:
        model: nn.Module = timm.create_model(
            name, pretrained=pretrained, in_chans=1, num_classes=len(FINDINGS), **options
        )
    except TypeError as error:
        raise ConfigError(
            "model.options: timm's {name} does not take these options ({error})", name=name, error=error
        ) from error
    except (RuntimeError, OSError) as error:  # timm's word for an unknown model or absent weights
        key = "model.pretrained" if pretrained else "model.name"
        raise ConfigError(
            "{key}: timm cannot make {name!r} ({error})", key=key, name=name, error=error
        ) from error
    return model


def _require_exact_maps(network: TimmNetwork, image_size: int) -> None:
    linear = getattr(network.features, "get_classifier", lambda: None)()
    if isinstance(linear, nn.Linear) and _is_pooled_linear(network, linear, image_size):
        return
    raise ConfigError(
        "model.name: {name!r} does not end in features, average pooling and one linear "
        "layer, so it has no exact class maps and could not be made a bundle; use one that "
        "does, such as timm:resnet18",
        name=PREFIX + network.name,
    )


def _is_pooled_linear(network: TimmNetwork, linear: nn.Linear, image_size: int) -> bool:
    """Whether the embedding is the mean of the features and the logits are linear in it, on an image that varies."""
    model: Any = network.features
    image = torch.linspace(0, 1, image_size**2).reshape(1, 1, image_size, image_size)
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            features, logits = model.forward_features(image), network(image)
            embedding = model.forward_head(features, pre_logits=True)
            return _alike(embedding, features.mean(dim=(2, 3))) and _alike(logits, linear(embedding))
    except (RuntimeError, TypeError, IndexError, ValueError):  # features of another shape
        return False
    finally:
        network.train(was_training)


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return bool((one - other).abs().max() <= _TOLERANCE * one.abs().max())
