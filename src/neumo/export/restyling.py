"""Changes of acquisition and export, which the gate must still accept, and damage, which it must refuse."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from neumo.imaging.prepare import fit_square

Squares = NDArray[np.uint8]

_NOISE = (1.0, 8.0)
"""Standard deviation of Gaussian noise in grey levels."""
_SHARPENING = (30, 150)
"""Per cent of an unsharp mask with a radius of 3 pixels."""
_GAMMA = (0.6, 1.6)
_FRAMING = (0.01, 0.1)
"""Share of each side that a margin takes, or that is cut off, on every edge."""
_PART = (0.3, 0.5)
"""Share of each side that a part keeps."""


def restyling(seed: int) -> Callable[[Squares], Squares]:
    """Return a function that gives each of its squares (N, side, side) one change of acquisition or export.

    Reduced to half and enlarged, noise, sharpening, gamma, a black margin, or a tighter frame, with equal chance and
    random strength. The changes follow from the seed and from the order in which squares are given.
    """
    rng = np.random.default_rng(seed)
    changes = (softened, _noisy, _sharpened, _toned, _framed, _cropped)

    def restyle(squares: Squares) -> Squares:
        return np.stack([changes[rng.integers(len(changes))](square, rng) for square in squares])

    return restyle


def damage(seed: int) -> Callable[[Squares], Squares]:
    """Return a function that cuts, inverts, turns or tears each of its squares (N, side, side), as no valid export is.

    A third are cut down to a part of 30 to 50 % of each side, anywhere, and enlarged; a sixth inverted; a third turned
    by 90, 180 or 270 degrees; a sixth have their quarters exchanged crosswise. What happens to which follows from the
    seed and from the order of the squares.
    """
    rng = np.random.default_rng(seed)
    changes = (_part, _part, _inverted, _turned, _turned, _quartered)

    def damaged(squares: Squares) -> Squares:
        return np.stack([changes[rng.integers(len(changes))](square, rng) for square in squares])

    return damaged


def softened(square: Squares, rng: np.random.Generator | None = None) -> Squares:
    """Reduce a square (side, side) to half with antialiasing and enlarge it again."""
    side = square.shape[-1]
    return fit_square(fit_square(square, side // 2), side)


def _noisy(square: Squares, rng: np.random.Generator) -> Squares:
    noise = rng.normal(0, rng.uniform(*_NOISE), square.shape)
    return np.clip(np.rint(square + noise), 0, 255).astype(np.uint8)


def _sharpened(square: Squares, rng: np.random.Generator) -> Squares:
    mask = ImageFilter.UnsharpMask(radius=3, percent=int(rng.integers(*_SHARPENING)), threshold=0)
    return np.asarray(Image.fromarray(square).filter(mask))


def _toned(square: Squares, rng: np.random.Generator) -> Squares:
    return np.rint(255 * (square / 255) ** rng.uniform(*_GAMMA)).astype(np.uint8)


def _framed(square: Squares, rng: np.random.Generator) -> Squares:
    return fit_square(np.pad(square, _margin(square, rng)), square.shape[-1])


def _cropped(square: Squares, rng: np.random.Generator) -> Squares:
    margin = _margin(square, rng)
    inside = slice(margin, -margin)
    return fit_square(np.ascontiguousarray(square[inside, inside]), square.shape[-1])


def _part(square: Squares, rng: np.random.Generator) -> Squares:
    side = len(square)
    kept = max(1, round(side * rng.uniform(*_PART)))
    top, left = rng.integers(0, side - kept + 1, 2)
    return fit_square(np.ascontiguousarray(square[top : top + kept, left : left + kept]), side)


def _inverted(square: Squares, rng: np.random.Generator) -> Squares:
    return 255 - square


def _turned(square: Squares, rng: np.random.Generator) -> Squares:
    return np.ascontiguousarray(np.rot90(square, int(rng.integers(1, 4))))


def _quartered(square: Squares, rng: np.random.Generator) -> Squares:
    return np.roll(square, [side // 2 for side in square.shape], axis=(0, 1))


def _margin(square: Squares, rng: np.random.Generator) -> int:
    return max(1, round(rng.uniform(*_FRAMING) * len(square)))
