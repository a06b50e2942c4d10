"""Offset of normal's logit: what a temperature alone cannot calibrate.

Bias-corrected temperature scaling (Alexandari, Kundaje, Shrikumar, ICML 2020) with one bias, that between normal and
pneumonia, since labels may not tell bacterial from viral. A network taught by one of another hospital calls too many
of its own normals pneumonia, or too few. The offset becomes part of the network's last bias, so that logits, maps and
probabilities of what is shipped agree.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from torch import nn

from neumo.core.errors import ExportError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import ALLOWED
from neumo.datasets.balance import Balance
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray
from neumo.evaluation.uncertainty.temperature import HIGHEST, LOWEST, log_loss, tempered
from neumo.export.calibrate import weights_of
from neumo.export.held_out import HeldOut

_START_STEP = 0.5
_LARGEST = 10.0
"""Either way; so large an offset turns a probability of .0001 into .7."""


def normal_offset(held_out: HeldOut, balance: Balance) -> float:
    """Return what is added to normal's logit, -10 to 10, for the least log loss; a temperature is fitted with it.

    The images are weighted as in `neumo.export.calibrate.decide`.
    """
    labelled: BoolArray = np.any(ALLOWED[held_out.images.codes], axis=1)
    images = held_out.images.take(labelled)
    weights, allowed = weights_of(images, balance), ALLOWED[images.codes]

    def loss(parameters: FloatArray) -> float:
        offset, logarithm = parameters
        return log_loss(
            allowed, tempered(_shifted(images.probabilities, offset), float(np.exp(logarithm))), weights
        )

    simplex = np.array([[0, 0], [_START_STEP, 0], [0, _START_STEP]])
    found = minimize(
        loss,
        [0, 0],
        method="Nelder-Mead",
        bounds=[(-_LARGEST, _LARGEST), (np.log(LOWEST), np.log(HIGHEST))],
        options={"initial_simplex": simplex, "xatol": 1e-6, "fatol": 1e-10},
    )
    return float(found.x[0])


def with_offset(held_out: HeldOut, offset: float) -> HeldOut:
    """Return held-out answers as a network with the offset gives them."""
    shifted = _shifted(held_out.images.probabilities, offset)
    return replace(held_out, images=replace(held_out.images, probabilities=shifted))


def shift_network(network: nn.Module, offset: float) -> None:
    """Add the offset to normal's bias in the network's last linear layer; raises ExportError where it has none."""
    heads = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Linear) and layer.out_features == len(FINDINGS) and layer.bias is not None
    ]
    if not heads:
        raise ExportError("{kind}: does not end in a linear layer with a bias", kind=type(network).__name__)
    heads[-1].bias.data[Finding.NORMAL.index] += offset


def _shifted(probabilities: FloatArray, offset: float) -> FloatArray:
    scaled = probabilities.copy()
    scaled[:, Finding.NORMAL.index] *= np.exp(offset)
    shifted: FloatArray = scaled / scaled.sum(axis=1, keepdims=True)
    return shifted
