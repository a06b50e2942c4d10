"""The study's network: three convolution blocks, a dense layer, dropout, three classes."""

from collections.abc import Sequence

import torch
from torch import nn

from neumo.core.findings import FINDINGS
from neumo.models.explained import Explained


class StudyCNN(nn.Module):
    """Sequential CNN of the study (S4).

    Each block is a 3 x 3 convolution that keeps the size, ReLU, and 2 x 2 maximum pooling. The study leaves
    the numbers of filters, the dense width and the dropout rate open; the experiment file sets them.

    Parameters
    ----------
    filters : sequence of int
        Filters of the convolution blocks.
    dense : int
        Width of the dense layer.
    dropout : float
        Share of dense activations dropped in training, 0-1.
    image_size : int
        Side of the input in pixels; a multiple of 2 to the number of blocks.
    """

    class_map_kind = "grad-cam"

    def __init__(
        self,
        filters: Sequence[int] = (32, 64, 128),
        dense: int = 128,
        dropout: float = 0.5,
        image_size: int = 224,
    ) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        channels = 1
        for width in filters:
            # Pooling before ReLU gives the same values and gradients, for ReLU on a quarter of them.
            blocks += [nn.Conv2d(channels, width, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(inplace=True)]
            channels = width
        side = image_size // 2 ** len(filters)
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * side * side, dense),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(dense, len(FINDINGS)),
        )
        self.apply(_glorot)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of shape (N, 3) for images of shape (N, 1, side, side) in 0-1."""
        logits: torch.Tensor = self.classifier(self.features(images))
        return logits

    def explained(self, images: torch.Tensor) -> Explained:
        """Logits with Grad-CAM of every finding, written out so that it needs no backward pass.

        The head is linear, ReLU, linear, so the gradient of a logit with respect to the features is the product of
        its matrices where the ReLU is open; its mean over the positions is the weight of each channel (Selvaraju
        et al., ICCV 2017). Negative values are kept.
        """
        features = self.features(images)
        first, last = (layer for layer in self.classifier if isinstance(layer, nn.Linear))
        hidden = torch.relu(first(features.flatten(1)))
        mean_gradient = first.weight.view(-1, *features.shape[1:]).mean(dim=(2, 3))
        open_paths = (hidden > 0).to(hidden.dtype)[:, None, :] * last.weight
        maps = torch.einsum("nfc,nchw->nfhw", open_paths @ mean_gradient, features)
        return Explained(last(hidden), maps, hidden)


def _glorot(layer: nn.Module) -> None:
    # Keras' default, which the study trained from: Glorot uniform weights, zero biases.
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
