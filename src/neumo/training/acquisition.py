"""Acquisition augmentation: changes that another scanner, archive or export would make to the same radiograph.

All take and return batches of shape (N, 1, side, side) in 0-1; each image draws its own change.
"""

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, pad

from neumo.imaging.prepare import LOWER_PERCENTILE, UPPER_PERCENTILE

_SMALLEST = 0.3
"""Strongest reduction, as a share of the side."""
_KNOTS = 6
_WIDEST_BORDER = 0.12
"""Widest painted border, as a share of the side."""
_COARSEST = 16
"""Pixels that one pixel of the coarsest picture stands for; the finest is 2."""


class RandomResampling(nn.Module):
    """With probability `p` reduce and enlarge again, with or without antialiasing, or blur lightly.

    The same radiograph reaches a reader as a full-size export, a thumbnail made by a careful library or one made
    by a careless one; none of that may change the answer.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Change the chosen images; the others stay as they are."""
        chosen = (torch.rand(len(images)) < self.p).nonzero().flatten().tolist()
        if not chosen:
            return images
        images = images.clone()
        for i in chosen:
            images[i : i + 1] = _resampled(images[i : i + 1])
        return images


class RandomToneCurve(nn.Module):
    """Apply a random monotone curve to the grey levels, from none to `strength` 1 (any monotone curve).

    Gamma, window and look-up tables differ between makers; all are monotone.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Apply one curve to each image."""
        n = len(images)
        rises = torch.rand((n, _KNOTS), device=images.device).clamp_(min=0.05)
        straight = torch.full_like(rises, 1 / _KNOTS)
        share = self.strength * torch.rand((n, 1), device=images.device)
        rises = (1 - share) * straight + share * rises / rises.sum(dim=1, keepdim=True)
        curve = pad(rises.cumsum(dim=1), (1, 0))
        position = images.flatten(1) * _KNOTS
        below = position.long().clamp_(0, _KNOTS - 1)
        start, end = curve.gather(1, below), curve.gather(1, below + 1)
        return torch.lerp(start, end, position - below).view_as(images)


class RandomHistogramTransfer(nn.Module):
    """With probability `p` give an image the grey-level distribution of another one of the batch, wholly or in part.

    The transfer is monotone (quantile to quantile), so that only the style changes: where a batch holds several
    hospitals, each is seen in the style of the others. Style tells the hospital and must not tell the finding; of style
    randomisation in general see Xu et al., "Random Convolutions", ICLR 2021.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Change the chosen images; their partners are drawn from the whole batch as it came."""
        n = len(images)
        chosen = torch.rand(n, device=images.device) < self.p
        partners = torch.randint(n, (n,), device=images.device)
        share = torch.rand((n, 1), device=images.device)
        if not chosen.any():
            return images
        flat = images.flatten(1)
        ordered = flat.sort(dim=1).values
        levels = flat[chosen].contiguous()
        below, upto = (torch.searchsorted(ordered[chosen], levels, right=right) for right in (False, True))
        # Equal grey levels stay equal: they take the middle of their ranks.
        transferred = ordered[partners[chosen]].gather(1, (below + upto - 1) // 2)
        changed = flat.clone()
        changed[chosen] = torch.lerp(levels, transferred, share[chosen])
        return changed.view_as(images)


class RandomDetail(nn.Module):
    """Weaken the coarse picture and strengthen or weaken the detail upon it, each by up to `strength`.

    Makers process images by spatial frequency: one flattens the mediastinum, the next sharpens the vessels. The
    level of grey over large areas is also what a network takes for a finding where classes were acquired apart.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Change each image with gains and a scale of its own, and clip to 0-1."""
        n, side = len(images), images.shape[-1]
        reduced = max(2, side // int(torch.randint(2, _COARSEST + 1, ())))
        small = interpolate(images, size=(reduced, reduced), mode="bilinear", antialias=True)
        coarse = interpolate(small, size=(side, side), mode="bilinear")
        keep = 1 - self.strength * torch.rand((n, 1, 1, 1), device=images.device)
        gain = 1 + self.strength * (2 * torch.rand((n, 1, 1, 1), device=images.device) - 1)
        middle = coarse.mean(dim=(2, 3), keepdim=True)
        return (middle + (coarse - middle) * keep + (images - coarse) * gain).clamp_(0, 1)


class RandomBorders(nn.Module):
    """With probability `p` paint the four edges in one grey level, each to a width of its own.

    Collimators, letter boxes and cropping differ between hospitals, and here between the classes.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Paint the chosen images; half of the borders are black."""
        chosen = (torch.rand(len(images)) < self.p).nonzero().flatten().tolist()
        if not chosen:
            return images
        images = images.clone()
        side = images.shape[-1]
        for i in chosen:
            top, bottom, left, right = (int(w) for w in torch.rand(4) * _WIDEST_BORDER * side)
            level = float(torch.rand(())) if torch.rand(()) < 0.5 else 0.0
            images[i, :, :top] = level
            images[i, :, side - bottom :] = level
            images[i, :, :, :left] = level
            images[i, :, :, side - right :] = level
        return images


class RandomNoise(nn.Module):
    """Add Gaussian noise whose standard deviation is drawn from 0 to `largest`."""

    def __init__(self, largest: float) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Add noise, and clip to 0-1."""
        deviation = torch.rand((len(images), 1, 1, 1), device=images.device) * self.largest
        return (images + torch.randn_like(images) * deviation).clamp_(0, 1)


class PercentileScaling(nn.Module):
    """Scale each image as `neumo.imaging.prepare.scale_intensity` does, for images that are no longer uint8."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scale by percentiles, and clip to 0-1."""
        flat = images.flatten(1)
        low, high = (
            flat.kthvalue(max(1, flat.shape[1] * percentile // 100), dim=1, keepdim=True).values
            for percentile in (LOWER_PERCENTILE, UPPER_PERCENTILE)
        )
        return ((flat - low) / (high - low).clamp_(min=1 / 255)).clamp_(0, 1).view_as(images)


def _resampled(image: torch.Tensor) -> torch.Tensor:
    side = image.shape[-1]
    if torch.rand(()) < 0.25:
        blurred = avg_pool2d(pad(image, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        return torch.lerp(image, blurred, float(torch.rand(())))
    reduced = round(side * (_SMALLEST + (1 - _SMALLEST) * float(torch.rand(()))))
    antialias = bool(torch.rand(()) < 0.5)
    small = interpolate(image, size=(reduced, reduced), mode="bilinear", antialias=antialias)
    return interpolate(small, size=(side, side), mode="bilinear", antialias=False)
