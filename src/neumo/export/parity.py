"""Parity of the exported graph with the network, on real inputs."""

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from neumo.core.errors import ExportError
from neumo.export.graph import INPUT, OUTPUTS
from neumo.inference.posterior import calibrated

MAX_LOGIT_DIFFERENCE = 0.05
"""Half-precision weights move logits by a few thousandths; a wrong graph moves them by whole units."""
_BATCH = 16


@dataclass(frozen=True)
class Parity:
    """Largest differences between graph and network.

    Attributes
    ----------
    images : int
    logits, probabilities : float
        Largest absolute difference.
    findings_changed : int
        Images whose most probable finding differs.
    """

    images: int
    logits: float
    probabilities: float
    findings_changed: int


def check_parity(network: nn.Module, model: onnx.ModelProto, images: NDArray[np.float32]) -> Parity:
    """Run both on the same inputs.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU.
    model : ModelProto
        From `export_graph`.
    images : ndarray of float32, shape (N, 1, side, side)
        Prepared radiographs in 0-1.

    Raises
    ------
    ExportError
        A logit differs by more than `MAX_LOGIT_DIFFERENCE`.
    """
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ours, theirs = [], []
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        (logits,) = session.run([OUTPUTS[0]], {INPUT: batch})
        ours.append(np.asarray(logits))
        with torch.inference_mode():
            theirs.append(network(torch.from_numpy(batch)).float().numpy())
    shipped, trained = np.concatenate(ours), np.concatenate(theirs)
    difference = float(np.abs(shipped - trained).max())
    if not difference <= MAX_LOGIT_DIFFERENCE:
        raise ExportError(
            "the ONNX graph and the network differ by {difference:.3g} in a logit over {images} "
            "images, more than {most}; nothing was exported",
            difference=difference,
            images=len(images),
            most=MAX_LOGIT_DIFFERENCE,
        )
    return Parity(
        images=len(images),
        logits=difference,
        probabilities=float(np.abs(calibrated(shipped, 1.0) - calibrated(trained, 1.0)).max()),
        findings_changed=int((shipped.argmax(axis=1) != trained.argmax(axis=1)).sum()),
    )
