"""What a reading was made from: enough to repeat it bit for bit, and nothing about the patient."""

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neumo
from neumo.bundle.folder import Bundle
from neumo.core.radiograph import Radiograph

SCHEMA = 1
_PACKAGES = ("numpy", "pillow", "onnxruntime", "pydicom", "pyjpegls", "pylibjpeg-openjpeg", "python-gdcm")


def make_receipt(
    *,
    sha256: str | None,
    size: int | None,
    radiograph: Radiograph,
    prepared: NDArray[np.float32],
    bundle: Bundle,
    options: Mapping[str, Any],
    logits: NDArray[np.float32],
    distance: float,
    execution: Mapping[str, int],
) -> dict[str, Any]:
    """Return plain JSON values.

    Parameters
    ----------
    sha256, size : str or None, int or None
        Of the file's bytes; None where pixels were given.
    prepared : ndarray of float32, shape (1, side, side)
        The network's input.
    options : mapping
        Options of the reader, as its constructor takes them.
    logits : ndarray of float32, shape (3,)
        Kept exactly, as hexadecimal floats.
    distance : float
        Of the embedding, from the gate.
    execution : mapping
        `threads`, and `batch` and `position`: how many images the network saw at once, and which one this was.
    """
    config = bundle.config
    return {
        "schema": SCHEMA,
        "file": {"sha256": sha256, "bytes": size},
        "pixels": [dict(step) for step in radiograph.steps],
        "prepare": {"size": config.image_size, "resampling": "bilinear", "intensity": config.intensity.value},
        "input_sha256": hashlib.sha256(np.ascontiguousarray(prepared).tobytes()).hexdigest(),
        "bundle": {"name": config.name, "version": config.version, "digest": bundle.digest},
        "options": dict(options),
        "thresholds": {
            "temperature": config.temperature,
            "gate_distance": config.gate.distance,
            "operating_point": config.operating_points[options["operating_point"]].threshold,
            "conformal": {f.value: limit for f, limit in config.conformal[options["coverage"]].items()},
        },
        "logits": [float(logit).hex() for logit in logits],
        "distance": float(distance).hex(),
        "execution": dict(execution),
        "software": software(),
    }


@cache
def software() -> dict[str, str]:
    """Versions that decide about the bits of a reading."""
    return {
        "neumo": neumo.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
