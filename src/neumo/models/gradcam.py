"""Where a network's features speak for a finding."""

import torch
from torch import nn


def grad_cam(network: nn.Module, images: torch.Tensor, findings: torch.Tensor) -> torch.Tensor:
    """Gradient-weighted class activation maps (Selvaraju et al., ICCV 2017).

    Parameters
    ----------
    network : Module
        Has `features` (its last feature maps) and `classifier`.
    images : tensor of shape (N, 1, side, side)
    findings : tensor of int64, shape (N,)
        The class to explain in each image.

    Returns
    -------
    tensor of shape (N, h, w)
        At the features' resolution, each map scaled to 0-1; all zero where nothing speaks for the class.
    """
    with torch.enable_grad():
        features = network.get_submodule("features")(images).detach().requires_grad_(True)
        logits = network.get_submodule("classifier")(features)
        score = logits.gather(1, findings.unsqueeze(1)).sum()
        (gradients,) = torch.autograd.grad(score, features)
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    maps = (weights * features.detach()).sum(dim=1).relu()
    largest = maps.amax(dim=(1, 2), keepdim=True)
    return torch.where(largest > 0, maps / largest.clamp_min(1e-12), torch.zeros_like(maps))
