"""Radiographs of more than 8 bits, and what the network is given of them."""

import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.core.findings import Finding
from neumo.datasets.phantoms.dataset import draw_phantom
from neumo.imaging import open_radiograph
from neumo.imaging.prepare import Intensity, network_square, scale_intensity

SIDE = 64
TOLERANCE = 0.005
"""Maximum absolute difference allowed between network inputs (0-1) at different bit depths."""


@cache
def drawn(seed: int, side: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return draw_phantom(Finding.NORMAL, rng, side) + rng.uniform(0, 1, (side, side))


def film(bits: int, seed: int = 0, side: int = 200) -> NDArray[np.uint16]:
    """A phantom of which the darkest and brightest grey lie far inside of 0 and 2 ** bits - 1."""
    levels: NDArray[np.uint16] = np.rint((0.2 + 0.5 * drawn(seed, side) / 256) * (2**bits - 1)).astype(
        np.uint16
    )
    return levels


def network_input(source: bytes | NDArray[Any]) -> NDArray[np.float32]:
    square = network_square(open_radiograph(source), SIDE, 1.0, Intensity.PERCENTILES)
    return scale_intensity(square, Intensity.PERCENTILES)


def png(samples: NDArray[np.uint16], colour: int = 0) -> bytes:
    """A 16-bit PNG of samples (height, width, channels); colour type 0, 2, 4 or 6."""
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
