"""Bias correction of the normal logit, fitted together with the temperature.

Bias-corrected temperature scaling (Alexandari, Kundaje, Shrikumar, ICML 2020), with a single bias between normal and
pneumonia because partial labels do not separate bacterial from viral. It corrects a network that over- or
underestimates pneumonia in a hospital, which a temperature alone cannot. The correction is added to the bias of the
last layer, so that the exported graph's logits already contain it.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from torch import nn

from neumo.core.errors import ExportError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import ALLOWED
from neumo.datasets.balance import Balance
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.evaluation.uncertainty.temperature import HIGHEST, LOWEST, log_loss, tempered
from neumo.export.calibrate import weights_of
from neumo.export.held_out import HeldOut

_START_STEP = 0.5
_LARGEST = 10.0
"""Bound of the absolute value of the offset; 10 turns a probability of .0001 into .7."""


def normal_offset(held_out: HeldOut, balance: Balance) -> float:
    """Fit the offset of the normal logit that, with the best temperature, minimises the weighted log loss.

    The images are weighted as in `neumo.export.calibrate.decide`. The result lies in -10 to 10.
    """
    images = held_out.labelled()
    weights, allowed = weights_of(images, balance), ALLOWED[images.codes]

    def loss(parameters: FloatArray) -> float:
        offset, logarithm = map(float, parameters)
        return log_loss(allowed, tempered(images.probabilities, float(np.exp(logarithm)), offset), weights)

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
    """Return the held-out answers with the offset added to the normal logit."""
    shifted = tempered(held_out.images.probabilities, 1.0, offset)
    return replace(held_out, images=replace(held_out.images, probabilities=shifted))


def shift_network(network: nn.Module, offset: float) -> None:
    """Add the offset to the bias of the normal class in the last linear layer, in place.

    Raises
    ------
    ExportError
        The network has no linear layer with one output for each finding and a bias.
    """
    heads = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Linear) and layer.out_features == len(FINDINGS) and layer.bias is not None
    ]
    if not heads:
        raise ExportError("{kind}: does not end in a linear layer with a bias", kind=type(network).__name__)
    heads[-1].bias.data[Finding.NORMAL.index] += offset
