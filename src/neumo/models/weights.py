"""Load and save network weights: safetensors beside a JSON card that names the network. Never a pickle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from neumo.core.digests import sha256_of
from neumo.core.errors import CheckpointError, ConfigError
from neumo.core.files import replacing, write_json
from neumo.core.findings import FINDINGS
from neumo.imaging.prepare import Intensity
from neumo.models.registry import build_network

WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "model.json"


@dataclass(frozen=True)
class NetworkCard:
    """The network that weights belong to, and its input.

    Attributes
    ----------
    name, options
        As in an experiment file.
    image_size : int
        Side of the input in pixels.
    intensity : Intensity
        How grey levels are scaled to 0-1.
    field_of_view : float
        Central share of each side of an image that is read.
    """

    name: str
    options: Mapping[str, Any]
    image_size: int
    intensity: Intensity
    field_of_view: float = 1.0


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights, in evaluation mode."""

    network: nn.Module
    card: NetworkCard
    sha256: str


def save_network(network: nn.Module, folder: Path, card: NetworkCard) -> str:
    """Write model.safetensors and model.json into `folder`, each atomically; return the weights' SHA-256."""
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in network.state_dict().items()}
    with replacing(folder / WEIGHTS_FILE) as temporary:
        save_file(tensors, temporary)
        digest = sha256_of(temporary)
        write_json(
            folder / CARD_FILE,
            {
                "schema": 1,
                "name": card.name,
                "options": dict(card.options),
                "image_size": card.image_size,
                "channels": 1,
                "range": [0.0, 1.0],
                "intensity": card.intensity.value,
                "field_of_view": card.field_of_view,
                "classes": list(FINDINGS),
                "sha256": digest,
            },
        )
    return digest


def load_network(folder: Path) -> TrainedNetwork:
    """Load what `save_network` wrote, after checking that it is exactly that.

    Raises
    ------
    CheckpointError
        A file is missing or no safetensors, the digest differs (tampered with or half copied), the classes
        are others, or the weights belong to another network.
    """
    weights, card_file = folder / WEIGHTS_FILE, folder / CARD_FILE
    card, stated = _read_card(card_file)
    if not weights.is_file():
        raise CheckpointError(
            "{weights}: no such file; only safetensors weights are loaded, never pickles (.pt, .ckpt)",
            weights=weights,
        )
    digest = sha256_of(weights)
    if digest != stated:
        raise CheckpointError(
            "{weights}: its SHA-256 {digest} is not the {stated} of {name}; the file was changed "
            "or belongs to another run, train or copy it again",
            weights=weights,
            digest=digest[:12],
            stated=stated[:12],
            name=card_file.name,
        )
    try:
        network = build_network(card.name, card.options, card.image_size)
    except ConfigError as error:
        raise CheckpointError("{card_file}: {error}", card_file=card_file, error=error) from error
    try:
        tensors = load_file(weights)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            "{weights}: is not a safetensors file ({error})", weights=weights, error=error
        ) from error
    _check_same_tensors(weights, network.state_dict(), tensors)
    network.load_state_dict(tensors)
    return TrainedNetwork(network.eval(), card, digest)


def take_mean_weights(network: nn.Module, trained: Sequence[TrainedNetwork], key: str) -> None:
    """Give `network` the mean weights of trained ones of the same shape.

    The mean of networks that went on from the same weights is often better than each (Wortsman et al., "Model soups",
    ICML 2022); that of networks from different beginnings is worthless.

    Raises
    ------
    ConfigError
        One has other options; `key`, the setting that names them, stands in the error.
    """
    states = [one.network.state_dict() for one in trained]
    try:
        for state in states:
            network.load_state_dict(state)
    except RuntimeError as error:
        raise ConfigError(
            "{key}: weights of a network with other options; make model.name and model.options the same",
            key=key,
        ) from error
    network.load_state_dict(
        {
            name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(value.dtype)
            for name, value in states[0].items()
        }
    )


def _read_card(card_file: Path) -> tuple[NetworkCard, str]:
    """Return the card and the SHA-256 that it states."""
    try:
        value = json.loads(card_file.read_text(encoding="utf-8"))
        card = NetworkCard(
            value["name"],
            value["options"],
            value["image_size"],
            Intensity(value.get("intensity", "as_stored")),
            float(value.get("field_of_view", 1.0)),
        )
        classes, stated = value["classes"], str(value["sha256"])
    except FileNotFoundError as error:
        raise CheckpointError(
            "{card_file}: no such file; is {parent} the folder of a trained run?",
            card_file=card_file,
            parent=card_file.parent,
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            "{card_file}: is not a neumo model card ({error})", card_file=card_file, error=repr(error)
        ) from error
    if classes != list(FINDINGS):
        raise CheckpointError(
            "{card_file}: its classes {classes} are not {findings}",
            card_file=card_file,
            classes=classes,
            findings=list(FINDINGS),
        )
    return card, stated


def _check_same_tensors(
    weights: Path, expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]
) -> None:
    wrong = sorted(expected.keys() ^ found.keys()) or sorted(
        key for key in expected if expected[key].shape != found[key].shape
    )
    if wrong:
        raise CheckpointError(
            "{weights}: holds the weights of another network (they differ in {first})",
            weights=weights,
            first=wrong[0],
        )
