"""Gaussian smoothing (low-pass filter) before a network's first layer."""

import math

import torch
from torch import nn

_REACH = 3
"""Standard deviations to which the kernel extends."""


class GaussianSmoothing(nn.Module):
    """Smooth images with a Gaussian, in single precision, the edges continued; nothing is learnt.

    Copies of one radiograph differ most in their finest detail: antialiasing or none, JPEG quality, noise, a maker's
    sharpening. Low-pass filtering before subsampling is what makes networks shift-invariant, too (R. Zhang, "Making
    Convolutional Networks Shift-Invariant Again", ICML 2019).

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels, above 0.
    """

    kernel: torch.Tensor

    def __init__(self, sigma: float) -> None:
        super().__init__()
        reach = math.ceil(_REACH * sigma)
        weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=torch.float64) / sigma) ** 2)
        # It follows from the network's options, so it is not among the weights.
        self.register_buffer("kernel", (weights / weights.sum()).float(), persistent=False)
        self.sigma = sigma

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Smooth images of shape (N, 1, height, width), both sides larger than 3 sigma."""
        taps = len(self.kernel)
        reach = taps // 2
        with torch.autocast(images.device.type, enabled=False):
            padded = nn.functional.pad(images.float(), (reach,) * 4, mode="replicate")
            across = nn.functional.conv2d(padded, self.kernel.view(1, 1, 1, taps))
            return nn.functional.conv2d(across, self.kernel.view(1, 1, taps, 1))

    def extra_repr(self) -> str:
        """Return the options that the printed network shows."""
        return f"sigma={self.sigma}"
