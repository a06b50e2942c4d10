"""Class maps and embedding that an explainable network returns beside its logits."""

from typing import NamedTuple, Protocol, runtime_checkable

import torch


class Explained(NamedTuple):
    """Logits with their reasons.

    Attributes
    ----------
    logits : tensor of shape (N, 3)
    class_maps : tensor of shape (N, 3, h, w)
        What speaks for (positive) and against (negative) each finding at each position of the last features.
    embedding : tensor of shape (N, D)
        Features by which an image can be told from those of training; each network says which.
    """

    logits: torch.Tensor
    class_maps: torch.Tensor
    embedding: torch.Tensor


@runtime_checkable
class ExplainedNetwork(Protocol):
    """A network that can be shipped as a bundle."""

    class_map_kind: str
    """"exact" where the mean of a map plus a bias is the logit, "grad-cam" where it is a first-order estimate."""

    def explained(self, images: torch.Tensor) -> Explained:
        """Return logits, class maps and embedding of images (N, 1, side, side) in 0-1."""
        ...
