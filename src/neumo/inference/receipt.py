"""Receipts: everything needed to reproduce a reading, refusal or failure, and nothing about the patient."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import PIL
from numpy.typing import NDArray

import neumo
from neumo.bundle.folder import Bundle
from neumo.core.radiograph import Step
from neumo.core.reading import Notice, Status

SCHEMA = 3
_PACKAGES = {"gdcm": "python-gdcm", "pyjpegls": "pyjpegls"}
"""Package of each library that decodes DICOM pixels and is not in every receipt."""


@dataclass(frozen=True, slots=True)
class NetworkRun:
    """The network's input and outputs for one image.

    Attributes
    ----------
    prepared : ndarray of float32, shape (1, side, side)
        Its input.
    logits : ndarray of float32, shape (3,)
        Kept exactly, as hexadecimal floats.
    distance : float
        Of the embedding, from the gate.
    """

    prepared: NDArray[np.float32]
    logits: NDArray[np.float32]
    distance: float


def make_receipt(
    *,
    sha256: str | None,
    size: int | None,
    steps: tuple[Step, ...],
    status: Status,
    reasons: Sequence[Notice],
    bundle: Bundle,
    options: Mapping[str, Any],
    threads: int,
    run: NetworkRun | None,
) -> dict[str, Any]:
    """Return plain JSON values.

    Parameters
    ----------
    sha256, size : str or None, int or None
        Of the file's bytes; None where pixels were given.
    steps : tuple of Step
        From the file's samples to grey levels; empty where the file could not be decoded.
    status : Status
    reasons : sequence of Notice
        Of a refusal or failure. Only their codes are kept, since their sentences may state the patient's age.
    options : mapping
        Options of the reader, as its constructor takes them.
    threads : int
        Of one run of the network.
    run : NetworkRun or None
        None where the reading ended before the network; what it would have given is null in the receipt.
    """
    config = bundle.config
    return {
        "schema": SCHEMA,
        "status": status.value,
        "reasons": [reason.code for reason in reasons],
        "file": {"sha256": sha256, "bytes": size},
        "pixels": [dict(step) for step in steps],
        "prepare": run
        and {
            "size": config.image_size,
            "field_of_view": config.field_of_view,
            "resampling": "bilinear",
            "intensity": config.intensity.value,
        },
        "input_sha256": run and hashlib.sha256(np.ascontiguousarray(run.prepared).data).hexdigest(),
        "bundle": {"name": config.name, "version": config.version, "digest": bundle.digest},
        "options": dict(options),
        "thresholds": {
            "temperature": config.temperature,
            "gate_distance": config.gate.distance,
            "operating_point": config.operating_points[options["operating_point"]].threshold,
            "conformal": {f.value: limit for f, limit in config.conformal[options["coverage"]].items()},
        },
        "logits": run and [float(logit).hex() for logit in run.logits],
        "distance": run and float(run.distance).hex(),
        "execution": {"threads": threads},
        "software": _software(steps),
    }


def _software(steps: tuple[Step, ...]) -> dict[str, str]:
    """Versions that decide about the bits of a reading."""
    decode = steps[0] if steps else {}
    return {**_always(), **(_of_dicom(decode["decoder"]) if decode.get("format") == "DICOM" else {})}


@cache
def _always() -> dict[str, str]:
    return {
        "neumo": neumo.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


@cache
def _of_dicom(decoder: str) -> dict[str, str]:
    # Searching for installed packages takes longer than reading a radiograph, so only DICOM files pay for it.
    from importlib.metadata import version

    names = ["pydicom", *([_PACKAGES[decoder]] if decoder in _PACKAGES else [])]
    return {name: version(name) for name in names}
