"""Reference readings of a bundle: its graph's logits for synthetic images, to verify an installation.

The images are drawn with integers alone, so that they are equal everywhere.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.config import BundleConfig
from neumo.core.errors import BundleError
from neumo.core.files import write_json
from neumo.imaging.prepare import scale_intensity

SCHEMA = 1
TOLERANCE = 0.02
"""Largest absolute difference of a logit; processors round differently, a wrong graph is off by whole units."""

Floats = NDArray[np.float32]


def reference_images(size: int) -> dict[str, NDArray[np.uint8]]:
    """Draw the synthetic images, each uint8 of shape (size, size), by name."""
    row, column = np.indices((size, size))
    noise = np.random.Generator(np.random.PCG64(20)).integers(0, 48, (size, size))
    ramp = (row + 2 * column) * 255 // (3 * size - 3)
    squares = np.where((row * 8 // size + column * 8 // size) % 2 == 0, 190, 60)
    images = {
        "ramp": ramp,
        "squares": squares + noise // 4,
        "thorax": _thorax(row, column, size) + noise // 2,
    }
    return {name: image.clip(0, 255).astype(np.uint8) for name, image in images.items()}


def write_reference(
    target: Path, config: BundleConfig, logits_of: Callable[[Floats], Floats]
) -> dict[str, Any]:
    """Write reference.json of a bundle that is being made.

    Parameters
    ----------
    target : Path
        The file to write.
    config : BundleConfig
        Of the same bundle.
    logits_of : callable
        The shipped graph: from inputs (N, 1, size, size) to logits (N, 3).

    Returns
    -------
    dict
        What was written.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    images = reference_images(config.image_size)
    logits = logits_of(reference_inputs(config))
    value = {
        "schema": SCHEMA,
        "tolerance": TOLERANCE,
        "images": {
            name: {
                "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
                "logits": [float(logit) for logit in row],
            }
            for (name, pixels), row in zip(images.items(), logits, strict=True)
        },
    }
    write_json(target, value)
    return value


def reference_inputs(config: BundleConfig) -> Floats:
    """Return the reference images as the network sees them, float32 of shape (N, 1, size, size) in 0-1."""
    pixels = np.stack(list(reference_images(config.image_size).values()))
    return scale_intensity(pixels, config.intensity)[:, np.newaxis]


def read_reference(data: bytes, source: Path) -> dict[str, Any]:
    """Parse reference.json. Raises BundleError where it is no such thing."""
    try:
        value = json.loads(data)
        shapes = {np.shape(image["logits"]) for image in value["images"].values()}
        float(value["tolerance"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(
            "{source}: holds no reference readings ({error}); install the bundle again",
            source=source,
            error=repr(error),
        ) from error
    if value.get("schema") != SCHEMA or shapes != {(3,)}:
        raise BundleError(
            "{source}: holds no reference readings of schema {own}; install the matching neumo",
            source=source,
            own=SCHEMA,
        )
    parsed: dict[str, Any] = value
    return parsed


def reference_differences(
    reference: Mapping[str, Any], config: BundleConfig, logits: Floats
) -> dict[str, float]:
    """Largest logit difference of each reference image; infinite where the drawn image itself differs."""
    differences: dict[str, float] = {}
    for (name, pixels), row in zip(reference_images(config.image_size).items(), logits, strict=True):
        stored = reference["images"].get(name)
        same_image = stored is not None and stored["sha256"] == hashlib.sha256(pixels.tobytes()).hexdigest()
        differences[name] = (
            float(np.abs(row - np.array(stored["logits"])).max()) if same_image else float("inf")
        )
    return differences


def _thorax(row: NDArray[np.int64], column: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Two dark lungs and a bright midline, as crude as a test pattern."""
    image = 150 - np.abs(2 * column - size) * 40 // size
    for centre in (3 * size // 10, 7 * size // 10):
        lung = (row - size // 2) ** 2 * 25 + (column - centre) ** 2 * 100 < 4 * size**2 // 2
        image = np.where(lung, 70 + row * 40 // size, image)
    midline: NDArray[np.int64] = np.where(np.abs(2 * column - size) * 8 < size, 200, image)
    return midline
