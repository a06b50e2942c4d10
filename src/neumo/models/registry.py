"""Registry of networks by name; a new one is one entry here and one file beside it."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from neumo.core.errors import ConfigError
from neumo.models.efficientnet_lite import EfficientNetLite
from neumo.models.study_cnn import StudyCNN
from neumo.models.timm_network import PREFIX, TimmNetwork

NETWORKS: Mapping[str, Callable[..., nn.Module]] = {
    "study_cnn": StudyCNN,
    "efficientnet_lite": EfficientNetLite,
}
"""Name in an experiment file to a factory; every factory accepts `image_size`."""


def build_network(name: str, options: Mapping[str, Any], image_size: int) -> nn.Module:
    """Make a network with fresh weights; "timm:NAME" makes timm's NAME.

    Every network has a module `features`, whose output (N, channels, h, w) the explanations read.

    Raises
    ------
    ConfigError
        No network has this name, or it does not take these options.
    """
    if name.startswith(PREFIX):
        return TimmNetwork(name.removeprefix(PREFIX), image_size, options)
    if name not in NETWORKS:
        raise ConfigError(
            "model.name: {name!r} is not known; use one of {networks}, or {prefix}NAME for one of timm's",
            name=name,
            networks=", ".join(NETWORKS),
            prefix=PREFIX,
        )
    try:
        return NETWORKS[name](**options, image_size=image_size)
    except TypeError as error:
        raise ConfigError(
            "model: {name} does not take these options ({error})", name=name, error=error
        ) from error


def load_pretrained(network: nn.Module, name: str) -> None:
    """Give a network its ImageNet weights. Raises ConfigError where it has none or they are not installed."""
    if not isinstance(network, EfficientNetLite | TimmNetwork):
        raise ConfigError("model.pretrained: {name} has no ImageNet weights; set it to false", name=name)
    network.load_pretrained()
