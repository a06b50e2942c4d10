"""Occlusion: blocks of a training image are hidden, so that a hidden block means nothing to the network.

A network that never saw hidden blocks may take them for a finding, and then deletion (see
`neumo.evaluation.explanations.deletion_insertion`) measures how odd an image looks, not what the answer rests on.
After Hooker et al., "A Benchmark for Interpretability Methods in Deep Neural Networks", NeurIPS 2019, who train again
with places removed for that reason.
"""

import torch
from torch import nn
from torch.nn.functional import interpolate

_FEWEST, _MOST = 4, 16
"""Blocks along a side."""
_LARGEST_SHARE = 0.75
"""Of the blocks that are hidden."""


class RandomOcclusion(nn.Module):
    """With probability `p` hide a random share of the blocks of an image under its mean grey level.

    Parameters
    ----------
    p : float
        In 0-1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Hide blocks of the chosen images (N, 1, side, side); the others stay as they are."""
        if not self.p:
            return images
        chosen = (torch.rand(len(images)) < self.p).nonzero().flatten().tolist()
        images = images.clone()
        for i in chosen:
            blocks = int(torch.randint(_FEWEST, _MOST + 1, ()))
            hidden = torch.rand(1, 1, blocks, blocks) < _LARGEST_SHARE * torch.rand(())
            mask = interpolate(hidden.float(), images.shape[-2:], mode="nearest").to(images.device) > 0
            images[i] = torch.where(mask[0], images[i].mean(), images[i])
        return images
